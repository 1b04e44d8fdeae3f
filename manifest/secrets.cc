// Secret (v1): what Kafka's settings refer to. What is in one never stands in a finding, and no
// finding quotes a line of its `data`.

#include "manifest/secrets.h"

#include "base/encoding.h"

#include <algorithm>

namespace sluice {
namespace {

// Base64 may be wrapped, e.g. in a `|` block.
Result<std::string> decode(const std::string& text) {
  std::string one_line = text;
  std::erase_if(one_line, [](char c) { return c == '\n' || c == '\r'; });
  return base64_decode(one_line);
}

const YamlNode* find_value(const Resource& secret, std::string_view part, std::string_view key) {
  const auto* data = secret.root->find(part);
  if (data == nullptr || data->value->kind != YamlNode::Kind::mapping) return nullptr;
  const auto* entry = data->value->find(key);
  const bool text = entry != nullptr && entry->value->kind == YamlNode::Kind::scalar;
  return text ? entry->value : nullptr;
}

// One part of the Secret, `data` or `stringData`. Reported at its key: the values are secret.
void check_part(const Resource& secret, std::string_view part, Findings& findings) {
  const auto* data = secret.root->find(part);
  if (data == nullptr || data->value->is_null()) return;
  if (!expect_mapping(*data->value, "'" + std::string(part) + "'", findings)) return;
  for (const auto& [key, value] : data->value->entries) {
    if (value->is_null()) continue;
    if (value->kind != YamlNode::Kind::scalar) {
      findings.error(*key, "a value of a Secret is a text");
    } else if (part == "data" && !decode(value->text)) {
      findings.error(
          *secret.at,
          secret.title() + ": the value of " + in_quotes(key->text) + " in 'data' is not base64",
          "plain text stands under 'stringData'");
    }
  }
}

void build_secret(const Resource& resource, Build& build) {
  check_part(resource, "data", build.findings);
  check_part(resource, "stringData", build.findings);
}

}  // namespace

const Resource* find_secret(const Value<std::string>& name, const std::string& ns,
                            const Resource& owner, Build& build) {
  Value<RefFields> ref;
  ref.value.api_version = {"v1", name.node};
  ref.value.kind = {"Secret", name.node};
  ref.value.name = name;
  ref.value.ns = {ns, name.node};
  ref.node = name.node;
  if (name->empty()) {
    build.findings.error(*name.node, "the name of a Secret is empty");
    return nullptr;
  }
  return find_ref(ref, "a reference", {"Secret"}, owner, build);
}

std::optional<std::string> secret_value(const Resource& secret, std::string_view key) {
  if (const YamlNode* text = find_value(secret, "stringData", key)) return text->text;
  const YamlNode* encoded = find_value(secret, "data", key);
  if (encoded == nullptr) return std::nullopt;
  auto decoded = decode(encoded->text);
  return decoded ? std::move(decoded.value()) : encoded->text;  // That was reported.
}

std::string secret_keys_hint(const Resource& secret) {
  std::vector<std::string_view> keys;
  for (const std::string_view part : {"data", "stringData"}) {
    const auto* data = secret.root->find(part);
    if (data == nullptr) continue;
    for (const auto& entry : data->value->entries) keys.push_back(entry.key->text);
  }
  return keys.empty() ? "it has no keys" : "its keys are: " + joined(keys);
}

std::optional<std::string> read_secret_key(const Value<SecretKeyRefFields>& field,
                                           const Resource& owner, Build& build) {
  if (!field || !field->ref || !field->ref->name || !field->ref->key) return std::nullopt;
  const SecretKeyFields& ref = *field->ref;
  const Resource* secret = find_secret(ref.name, owner.ns, owner, build);
  if (secret == nullptr) return std::nullopt;
  auto value = secret_value(*secret, *ref.key);
  if (!value) {
    build.findings.error(*ref.key.node, secret->title() + " has no key " + in_quotes(*ref.key),
                         secret_keys_hint(*secret));
  } else if (value->empty()) {
    build.findings.error(*ref.key.node,
                         secret->title() + ": the value of " + in_quotes(*ref.key) + " is empty");
    return std::nullopt;
  }
  return value;
}

template <>
const Shape<SecretKeyFields>& shape_of() {
  static const Shape<SecretKeyFields> shape(
      "secretKeyRef", {
                          field<&SecretKeyFields::name>(
                              {"name", "A Secret in the namespace of the resource.", true}),
                          field<&SecretKeyFields::key>({"key", "The key in it.", true}),
                      });
  return shape;
}

template <>
const Shape<SecretKeyRefFields>& shape_of() {
  static const Shape<SecretKeyRefFields> shape(
      "secret value", {field<&SecretKeyRefFields::ref>(
                          {"secretKeyRef", "The key of a Secret that has the value."})});
  return shape;
}

KindInfo secret_kind() {
  KindInfo info;
  info.kind = "Secret";
  info.api_versions = {"v1"};
  info.about =
      "What KafkaSource, KafkaSink and the ConfigMap `kafka-channel-config` refer to: values in "
      "base64 under `data`, or as they are under `stringData`, which wins.";
  info.body = {"data", "stringData", "type", "immutable"};
  info.build = build_secret;
  return info;
}

}  // namespace sluice
