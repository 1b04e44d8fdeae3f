#include "manifest/common_fields.h"

#include <algorithm>
#include <array>

namespace sluice {

bool check_extension_name(const std::string& name, const YamlNode& at, Findings& findings) {
  constexpr std::string_view kCore[] = {"specversion", "id",   "source",     "type",
                                        "subject",     "time", "dataschema", "datacontenttype",
                                        "data"};
  const bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  if (!good) {
    findings.error(at, in_quotes(name) + " cannot be an extension's name",
                   "extensions are lower-case letters and digits");
    return false;
  }
  if (std::ranges::find(kCore, name) == std::end(kCore)) return true;
  findings.error(at, "'" + name + "' is an attribute of its own, no extension", "leave it out");
  return false;
}

std::string read_filled(const Value<std::string>& field, std::string_view name,
                        Findings& findings) {
  if (field && field->empty()) {
    findings.error(*field.node, "'" + std::string(name) + "' is empty");
  }
  return *field;
}

template <>
std::span<const std::string_view> words_of<BackoffPolicy>() {
  static constexpr std::array<std::string_view, 2> kWords = {"linear", "exponential"};
  return kWords;
}

template <>
std::span<const std::string_view> words_of<DeliveryFormat>() {
  static constexpr std::array<std::string_view, 2> kWords = {"binary", "json"};
  return kWords;
}

template <>
const Shape<RefFields>& shape_of() {
  static const Shape<RefFields> shape(
      "ref", {
                 field<&RefFields::api_version>(
                     {"apiVersion", "The API version of the resource that is meant.", true}),
                 field<&RefFields::kind>({"kind", "The kind of the resource that is meant.", true}),
                 field<&RefFields::name>({"name", "The name of the resource that is meant.", true}),
                 field<&RefFields::ns>(
                     {"namespace", "Its namespace.", false, "the namespace of this resource"}),
             });
  return shape;
}

template <>
const Shape<DestinationFields>& shape_of() {
  static const Shape<DestinationFields> shape(
      "destination",
      {
          field<&DestinationFields::ref>({"ref",
                                          "A resource of these manifests, or a Service; see "
                                          "[references](#references)."}),
          field<&DestinationFields::uri>({"uri",
                                          "An absolute http URL; with a ref to a Service, a path "
                                          "relative to its URL."}),
      });
  return shape;
}

template <>
const Shape<DeliveryFields>& shape_of() {
  using Fields = DeliveryFields;
  static const Shape<Fields> shape(
      "delivery",
      {
          field<&Fields::dead_letter_sink>(
              {"deadLetterSink", "Gets the original event when the last attempt has failed."}),
          field<&Fields::retry>({"retry",
                                 "How often a failed attempt is repeated: N means N+1 attempts.",
                                 false, "0"}),
          field<&Fields::backoff_policy>({"backoffPolicy",
                                          "How the wait grows: d, 2d, 3d or d, 2d, 4d, at most 10 "
                                          "minutes.",
                                          false, "exponential where backoffDelay is given"}),
          field<&Fields::backoff_delay>({"backoffDelay", "The first wait, an ISO-8601 duration.",
                                         false,
                                         "PT0.2S where backoffPolicy is given, else no wait"}),
          field<&Fields::timeout>({"timeout",
                                   "How long one attempt may take, an ISO-8601 duration.", false,
                                   "PT600S", 1}),
          field<&Fields::retry_after_max>({"retryAfterMax",
                                           "The longest wait that a Retry-After of a 429 or 503 "
                                           "can ask for; PT0S ignores it.",
                                           false, "as long as it asks for"}),
          field<&Fields::format>(
              {"format", "How events are written to the subscriber.", false, "binary"}),
      });
  return shape;
}

template <>
const Shape<ChannelTemplateFields>& shape_of() {
  using Fields = ChannelTemplateFields;
  static const Shape<Fields> shape(
      "channelTemplate",
      {
          field<&Fields::api_version>(
              {"apiVersion", "The API version of the channel's kind.", true}),
          field<&Fields::kind>(
              {"kind", "The kind of channel: InMemoryChannel, KafkaChannel or RedisChannel.",
               true}),
          field<&Fields::spec>(
              {"spec",
               "The channel's own fields, as of its kind; in a flow its `delivery` serves the "
               "steps and branches that have none of their own."}),
      });
  return shape;
}

template <>
const Shape<MetadataFields>& shape_of() {
  using Fields = MetadataFields;
  constexpr std::string_view kIgnored = "Accepted, as Kubernetes writes it, and ignored.";
  static const Shape<Fields> shape(
      "metadata",
      {
          field<&Fields::name>({"name", "The resource's name.", true}),
          field<&Fields::ns>({"namespace", "The resource's namespace.", false, "default"}),
          field<&Fields::labels>({"labels", "Kept; only a KafkaSource's key type is one."}),
          field<&Fields::annotations>({"annotations", "Kept; see [annotations](#annotations)."}),
          field<&Fields::ignored>({"uid", kIgnored}),
          field<&Fields::ignored>({"resourceVersion", kIgnored}),
          field<&Fields::ignored>({"generation", kIgnored}),
          field<&Fields::ignored>({"creationTimestamp", kIgnored}),
          field<&Fields::ignored>({"deletionTimestamp", kIgnored}),
          field<&Fields::ignored>({"deletionGracePeriodSeconds", kIgnored}),
          field<&Fields::ignored>({"finalizers", kIgnored}),
          field<&Fields::ignored>({"managedFields", kIgnored}),
          field<&Fields::owners>({"ownerReferences",
                                  "Who made it. What a kind of Knative made for itself is left "
                                  "out: Sluice makes those parts of its own."}),
          field<&Fields::ignored>({"selfLink", kIgnored}),
          field<&Fields::ignored>({"generateName", kIgnored}),
      });
  return shape;
}

}  // namespace sluice
