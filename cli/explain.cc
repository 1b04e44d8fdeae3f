// `sluice explain`: which Triggers would take an event, and why the others would not.

#include "broker/broker.h"
#include "cli/event_file.h"
#include "cli/explain_view.h"
#include "cli/manifest_options.h"
#include "cli/read_file.h"

#include <algorithm>
#include <iostream>
#include <memory>

namespace sluice {
namespace {

struct ExplainFlags {
  ManifestOptions manifests;
  std::string event;
  std::string broker;  // Empty: all of them.
  std::string format = "text";
};

int refuse(const std::string& detail, int status) {
  std::cerr << "error: " << detail << '\n';
  return status;
}

// The event that `text` is, as a Broker's triggers see it. `name` is what errors call it.
Result<EventPtr> read_event(const std::string& text, const std::string& name) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && text[start] == '[') {
    return fail(Errc::invalid_argument, name +
                                            ": this is a list of events, a batch: explain takes "
                                            "one event, a JSON object");
  }
  SLUICE_TRY(auto event, read_event_text(text, name));
  auto stamped = stamped_by_broker(std::move(event));
  if (!stamped) return fail(stamped.error().code, name + ": " + stamped.error().detail);
  return stamped;
}

int explain(const ExplainFlags& flags) {
  const bool twice = flags.event == "-" && std::ranges::count(flags.manifests.paths, "-") > 0;
  if (twice) return refuse("standard input cannot be both -f and --event", kExitUsage);
  const auto text = read_file(flags.event);
  if (!text) return refuse("--event: " + text.error().detail, kExitUsage);
  const auto loaded = load_manifests(flags.manifests);
  if (!loaded) return refuse(loaded.error().detail, kExitUsage);
  if (loaded.value().report.has_errors()) {
    std::cerr << to_text(loaded.value().report);
    return kExitBad;
  }
  std::vector<BrokerView> brokers = broker_views(loaded.value().graph);
  if (!flags.broker.empty()) {
    const auto kept = keep_broker(flags.broker, brokers);
    if (!kept) return refuse("--broker: " + kept.error().detail, kExitUsage);
  }
  const auto event = read_event(text.value(), flags.event == "-" ? "standard input" : flags.event);
  if (!event) return refuse(event.error().detail, kExitBad);
  constexpr int kIndent = 2;
  std::cout << (flags.format == "json" ? explain_json(*event.value(), brokers, kIndent)
                                       : explain_text(*event.value(), brokers));
  return kExitOk;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("explain", "Say which Triggers would take an event, and why others not");
  auto flags = std::make_shared<ExplainFlags>();
  add_manifest_options(*command, flags->manifests);
  command
      ->add_option("--event", flags->event,
                   "The event as JSON (application/cloudevents+json), or - for stdin")
      ->type_name("FILE")
      ->required();
  command->add_option("--broker", flags->broker, "Only the Triggers of this Broker")
      ->type_name("NAMESPACE/NAME");
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_examples(
      *command,
      "  sluice explain -f examples/hello/ --event event.json\n"
      "  sluice explain -f broker.yaml --event event.json --broker default/orders -o json\n"
      "  echo '{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}' |\n"
      "      sluice explain -f broker.yaml --event -\n\n"
      "The exit status is 0 whether or not a Trigger takes the event.");
  command->callback([flags, &status] { status = explain(*flags); });
}

}  // namespace sluice
