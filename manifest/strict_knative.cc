#include "manifest/strict_knative.h"

#include <string>
#include <string_view>

namespace sluice {
namespace {

using Kind = YamlNode::Kind;

constexpr std::string_view kOwnGroup = "sluice.dev/";

/// `what` is a noun behind the name: "kind", "dialect".
void refuse(const YamlNode& at, std::string_view name, const std::string& what, Findings& findings,
            std::string hint = {}) {
  findings.error(
      at, in_quotes(name) + " is Sluice's own " + what + "; --strict-knative takes Knative's only",
      std::move(hint));
}

const YamlNode* value_at(const YamlNode* mapping, std::string_view key) {
  if (mapping == nullptr) return nullptr;
  const auto* entry = mapping->find(key);
  return entry == nullptr ? nullptr : entry->value;
}

void check_filter(const YamlNode& filter, Findings& findings) {
  for (const auto& [key, value] : filter.entries) {
    if (key->text == "data") {
      refuse(*key, "data", "dialect", findings, "filter on attributes, or in the subscriber");
    }
    if (key->text == "not") check_filter(*value, findings);
    if (key->text != "all" && key->text != "any") continue;
    for (const YamlNode* item : value->items) check_filter(*item, findings);
  }
}

void check_trigger(const Resource& resource, Findings& findings) {
  const YamlNode* filters = value_at(resource.spec, "filters");
  if (filters == nullptr) return;
  for (const YamlNode* filter : filters->items) check_filter(*filter, findings);
}

void check_broker(const Resource& resource, Findings& findings) {
  const auto* own = resource.spec == nullptr ? nullptr : resource.spec->find("channelTemplate");
  if (own == nullptr) return;
  refuse(*own->key, own->key->text, "field of a Broker", findings,
         "put it into a ConfigMap as 'channel-template-spec', and refer to that in 'config'");
}

void check_ping_source(const Resource& resource, Findings& findings) {
  const YamlNode* schedule = value_at(resource.spec, "schedule");
  if (schedule == nullptr || schedule->text.find("@every") == std::string::npos) return;
  refuse(*schedule, "@every", "schedule", findings, "write a cron expression");
}

void check_config_map(const Resource& resource, Findings& findings) {
  const YamlNode* text = value_at(value_at(resource.root, "data"), "channel-template-spec");
  if (text == nullptr || text->text.find(kOwnGroup) == std::string::npos) return;
  refuse(*text, kOwnGroup, "group of kinds", findings);
}

/// Of a flow or a Channel; a Broker's is refused as it is.
void check_template(const Resource& resource, Findings& findings) {
  const YamlNode* channel = value_at(resource.spec, "channelTemplate");
  const YamlNode* version = value_at(channel, "apiVersion");
  const YamlNode* kind = value_at(channel, "kind");
  if (version == nullptr || kind == nullptr || !version->text.starts_with(kOwnGroup)) return;
  refuse(*kind, kind->text, "kind", findings, "e.g. a KafkaChannel");
}

void check_annotations_of(const Resource& resource, Findings& findings) {
  constexpr const char* kPlainReply = "sluice.dev/plain-reply";  // The others change no outcome.
  const auto found = resource.annotations.find(kPlainReply);
  if (found == resource.annotations.end()) return;
  refuse(*found->second.node, kPlainReply, "annotation", findings);
}

}  // namespace

void check_strict_knative(const std::vector<Resource>& resources, Findings& findings) {
  for (const Resource& resource : resources) {
    const std::string_view kind = resource.kind->kind;
    if (resource.api_version.starts_with(kOwnGroup)) {
      refuse(*value_at(resource.root, "kind"), kind, "kind", findings);
    }
    check_annotations_of(resource, findings);
    if (kind == "Trigger") check_trigger(resource, findings);
    if (kind == "Broker") check_broker(resource, findings);
    if (kind == "PingSource") check_ping_source(resource, findings);
    if (kind == "ConfigMap") check_config_map(resource, findings);
    if (kind == "Channel" || kind == "Sequence" || kind == "Parallel") {
      check_template(resource, findings);
    }
  }
}

}  // namespace sluice
