// `sluice display`: a subscriber that prints what it receives, for trying things out.

#include "base/duration.h"
#include "cli/command.h"
#include "cli/display_server.h"
#include "cli/read_file.h"

#include <iostream>
#include <memory>

namespace sluice {
namespace {

struct DisplayFlags {
  std::string listen = "127.0.0.1:8082";
  std::string format = "text";
  std::optional<int> status;
  std::string reply_file;
  std::string delay = "PT0S";
};

Result<DisplayOptions> read_options(const DisplayFlags& flags) {
  DisplayOptions options;
  auto address = parse_host_port(flags.listen);
  if (!address) return fail(Errc::not_found, "--listen: " + address.error().detail);
  options.listen = std::move(address.value());
  options.format = flags.format == "json" ? EventFormat::json : EventFormat::text;
  const auto delay = parse_iso_duration(flags.delay);
  if (!delay) return fail(Errc::not_found, "--delay: " + delay.error().detail);
  options.delay = delay.value();
  options.status = flags.status.value_or(flags.reply_file.empty() ? 202 : 200);
  if (flags.reply_file.empty()) return options;
  SLUICE_TRY(options.reply, read_file(flags.reply_file));
  if (const auto reply = make_reply(options.reply); !reply) {
    return fail(Errc::invalid_argument, flags.reply_file + ": " + reply.error().detail);
  }
  return options;
}

int run_display(const DisplayFlags& flags) {
  Core core(0);
  const CurrentCore here(core);
  auto options = read_options(flags);
  if (!options) {
    std::cerr << "error: " << options.error().detail << '\n';
    return options.error().code == Errc::not_found ? kExitUsage : kExitBad;
  }
  DisplayServer server(core, std::move(options.value()));
  const auto address = server.listen();
  if (!address) {
    std::cerr << "error: " << address.error().detail << '\n';
    return kExitUnreachable;
  }
  std::cerr << "display listening on http://" << to_string(address.value()) << "/\n";
  server.run();
  return kExitOk;
}

}  // namespace

void add_display(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("display", "A subscriber that prints what it receives");
  auto flags = std::make_shared<DisplayFlags>();
  command->add_option("--listen", flags->listen, "HOST:PORT; port 0: a free one")
      ->capture_default_str();
  command->add_option("-o,--output", flags->format, "text, or json: one line an event")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--status", flags->status, "Status of every answer; 202, with --reply 200")
      ->check(CLI::Range(200, 599));
  command->add_option("--reply", flags->reply_file,
                      "FILE with an event in the JSON format to reply with; without an id in it, "
                      "each reply gets a new one");
  command->add_option("--delay", flags->delay, "Wait before each answer, e.g. PT1S")
      ->capture_default_str();
  add_examples(*command,
               "  sluice display\n"
               "  sluice display --listen 127.0.0.1:0 -o json --reply step1.json\n"
               "  sluice display --status 503 --delay PT1S");
  command->callback([flags, &status] { status = run_display(*flags); });
}

}  // namespace sluice
