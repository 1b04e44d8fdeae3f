#include "cli/manifest_options.h"

#include "base/url.h"
#include "manifest/server_list.h"

namespace sluice {
namespace {

// NAMESPACE/NAME=URL into `services`; what is wrong with it otherwise.
std::string take_service(const std::string& text, ManifestOptions& options) {
  const std::size_t slash = text.find('/');
  const std::size_t equals = text.find('=');
  const bool named =
      slash != std::string::npos && equals != std::string::npos && slash > 0 && slash + 1 < equals;
  if (!named) return "'" + text + "' is not NAMESPACE/NAME=URL";
  const std::string url = text.substr(equals + 1);
  const auto parsed = parse_http_url(url);
  if (!parsed) return parsed.error().detail;
  options.services[text.substr(0, equals)] = url;
  return {};
}

std::string check_domain(const std::string& domain) {
  const auto parsed = parse_http_url("http://name.namespace." + domain);
  const bool good = parsed && parsed.value().target == "/" && !domain.starts_with('.');
  return good ? "" : "'" + domain + "' is not a domain such as svc.cluster.local";
}

}  // namespace

void add_manifest_options(CLI::App& command, ManifestOptions& options) {
  command
      .add_option("-f,--filename", options.paths,
                  "Manifests: a file, a directory (recursive), or - for stdin; repeats")
      ->type_name("PATH")
      ->required();
  command
      .add_option_function<std::vector<std::string>>(
          "--resolve",
          [&options](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) {
              const std::string problem = take_service(text, options);
              if (!problem.empty()) throw CLI::ValidationError("--resolve", problem);
            }
          },
          "Where a Service is that the manifests give no address for; repeats")
      ->type_name("NAMESPACE/NAME=URL");
  command
      .add_option("--cluster-domain", options.cluster_domain,
                  "Services without an address are at http://NAME.NAMESPACE.DOMAIN")
      ->type_name("DOMAIN")
      ->check(check_domain);
  command
      .add_option_function<std::string>(
          "--kafka-bootstrap-servers",
          [&options](const std::string& text) {
            auto servers = parse_server_list(text);
            if (!servers) {
              throw CLI::ValidationError("--kafka-bootstrap-servers", servers.error().detail);
            }
            options.kafka_bootstrap_servers = std::move(servers.value());
          },
          "Where KafkaChannels find Kafka; wins over the ConfigMap kafka-channel-config")
      ->type_name("HOST:PORT,...");
  command.add_flag("--strict-knative", options.strict_knative,
                   "Refuse what is Sluice's own, e.g. filters on data");
}

}  // namespace sluice
