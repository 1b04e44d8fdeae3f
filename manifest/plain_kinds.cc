// The kinds that others refer to and that run nothing: Namespace, ConfigMap, Service; Secret has a
// file of its own.

#include "base/url.h"
#include "manifest/build.h"

namespace sluice {
namespace {

void build_config_map(const Resource& resource, Build& build) {
  const auto* data = resource.root->find("data");
  if (data == nullptr || data->value->is_null()) return;
  StringMap values;
  FieldInfo info;
  info.key = "data";
  info.about = "each value of a ConfigMap is a text";
  (void)read_value(*data->value, info, build.findings, values);
}

void build_service(const Resource& resource, Build& build) {
  const auto url = resource.annotations.find("sluice.dev/url");
  if (url == resource.annotations.end()) return;
  const auto parsed = parse_http_url(*url->second);
  if (parsed) return;
  build.findings.error(*url->second.node, "'sluice.dev/url': " + parsed.error().detail,
                       "e.g. sluice.dev/url: http://127.0.0.1:9000/");
}

}  // namespace

KindInfo namespace_kind() {
  KindInfo info;
  info.kind = "Namespace";
  info.api_versions = {"v1"};
  info.about = "Accepted and ignored: a namespace is there as soon as a resource is in it.";
  return info;
}

KindInfo config_map_kind() {
  KindInfo info;
  info.kind = "ConfigMap";
  info.api_versions = {"v1"};
  info.about =
      "What a Broker's `spec.config` refers to: `data` with the key `channel-template-spec`, whose "
      "text is a channelTemplate in YAML. The one called `kafka-channel-config` says where "
      "KafkaChannels find Kafka; see [kafka-channel-config](#kafka-channel-config).";
  info.body = {"data", "binaryData", "immutable"};
  info.build = build_config_map;
  return info;
}

KindInfo service_kind() {
  KindInfo info;
  info.kind = "Service";
  info.api_versions = {"v1", "serving.knative.dev/v1"};
  info.about =
      "An address book entry: the annotation `sluice.dev/url` is where a ref to it leads. `spec` "
      "is not looked at.";
  info.addressing = Addressing::url;
  info.build = build_service;
  return info;
}

}  // namespace sluice
