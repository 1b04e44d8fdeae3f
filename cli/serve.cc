// `sluice serve`: checks the manifests, then runs the broker until it is told to stop.

#include "base/descriptors.h"
#include "base/duration.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/manifest_options.h"
#include "cli/server.h"
#include "manifest/load.h"

#include <iostream>
#include <memory>

namespace sluice {
namespace {

/// The command line as it was given; checked before anything starts.
struct ServeFlags {
  ManifestOptions manifests;
  std::string listen = "127.0.0.1:8080";
  std::string admin = "127.0.0.1:8081";
  std::string data_dir;
  std::string drain_timeout = "PT30S";
  std::string header_timeout = "PT10S";
  std::string body_timeout = "PT30S";
  std::string idle_timeout = "PT75S";
  std::string log_format = "text";
  std::string log_level = "info";
  std::size_t threads = CorePool::available();
  std::size_t max_event_bytes = 1024 * 1024;
};

Result<void> read_duration(const char* flag, const std::string& text,
                           std::chrono::milliseconds& into) {
  const auto parsed = parse_iso_duration(text);
  if (!parsed) {
    return fail(Errc::invalid_argument, std::string(flag) + ": " + parsed.error().detail);
  }
  into = parsed.value();
  return boost::outcome_v2::success();
}

Result<HostPort> read_address(const char* flag, const std::string& text) {
  auto parsed = parse_host_port(text);
  if (!parsed) {
    return fail(Errc::invalid_argument, std::string(flag) + ": " + parsed.error().detail);
  }
  return parsed;
}

Result<ServerOptions> read_flags(const ServeFlags& flags) {
  ServerOptions options;
  SLUICE_TRY(options.listen, read_address("--listen", flags.listen));
  SLUICE_TRY(options.admin, read_address("--admin", flags.admin));
  SLUICE_TRY(read_duration("--drain-timeout", flags.drain_timeout, options.drain_timeout));
  SLUICE_TRY(
      read_duration("--header-timeout", flags.header_timeout, options.limits.header_timeout));
  SLUICE_TRY(read_duration("--body-timeout", flags.body_timeout, options.limits.body_timeout));
  SLUICE_TRY(read_duration("--idle-timeout", flags.idle_timeout, options.limits.idle_timeout));
  SLUICE_TRY(set_up_logging(flags.log_format, flags.log_level));
  options.limits.max_event_bytes = flags.max_event_bytes;
  return options;
}

int serve(const ServeFlags& flags) {
  auto options = read_flags(flags);
  if (!options) {
    std::cerr << "error: " << options.error().detail << '\n';
    return kExitUsage;
  }
  ResourceGraph graph;
  {
    auto loaded = load_manifests(flags.manifests);
    if (!loaded) {
      std::cerr << "error: " << loaded.error().detail << '\n';
      return kExitUsage;
    }
    options.value().notices = to_text(loaded.value().report);
    if (loaded.value().report.has_errors()) {
      std::cerr << options.value().notices;
      return kExitConfig;
    }
    graph = std::move(loaded.value().graph);  // The files' text is not kept.
  }
  raise_descriptor_limit();
  CorePool cores(flags.threads);
  return run_server(cores, std::move(graph), options.value());
}

void add_limit_flags(CLI::App& command, ServeFlags& flags) {
  command.add_option("--max-event-bytes", flags.max_event_bytes, "Largest event body taken")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30))
      ->capture_default_str();
  command.add_option("--header-timeout", flags.header_timeout, "For a request's header to arrive")
      ->capture_default_str();
  command
      .add_option("--body-timeout", flags.body_timeout, "For a request's body, without progress")
      ->capture_default_str();
  command.add_option("--idle-timeout", flags.idle_timeout, "Until an idle connection is closed")
      ->capture_default_str();
  command.add_option("--drain-timeout", flags.drain_timeout, "For deliveries after SIGTERM")
      ->capture_default_str();
}

}  // namespace

void add_serve(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("serve", "Run the broker that the manifests describe");
  auto flags = std::make_shared<ServeFlags>();
  add_manifest_options(*command, flags->manifests);
  command->add_option("--listen", flags->listen, "HOST:PORT of the ingress; port 0: a free one")
      ->capture_default_str();
  command->add_option("--admin", flags->admin, "HOST:PORT of health, metrics and resources")
      ->capture_default_str();
  command->add_option("--data-dir", flags->data_dir, "For kinds that keep files; none does yet");
  command->add_option("--threads", flags->threads, "Cores to use")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}))
      ->capture_default_str();
  add_limit_flags(*command, *flags);
  command->add_option("--log-format", flags->log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--log-level", flags->log_level, "trace, debug, info, warn, error or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  add_examples(*command,
               "  sluice serve -f examples/hello/\n"
               "  sluice serve -f broker.yaml --listen 0.0.0.0:8080 --drain-timeout PT5S\n"
               "  cat broker.yaml | sluice serve -f -");
  command->callback([flags, &status] { status = serve(*flags); });
}

}  // namespace sluice
