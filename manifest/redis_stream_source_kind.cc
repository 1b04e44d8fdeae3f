// RedisStreamSource (sources.knative.dev/v1alpha1): the entries of a stream as events.

#include "manifest/redis_fields.h"
#include "manifest/source_fields.h"

namespace sluice {
namespace {

struct RedisStreamSourceFields : ReadingFields {
  Value<std::string> address;
  Value<std::string> stream;
  Value<std::string> group;
};

DeliveryPolicy standard_delivery() {
  DeliveryPolicy policy;
  policy.retry = 5;
  policy.backoff_policy = BackoffPolicy::exponential;
  policy.backoff_delay = std::chrono::milliseconds(50);
  return policy;
}

void build_redis_stream_source(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<RedisStreamSourceFields>(resource);
  ReadingSourceSpec source = make_reading_source(fields, standard_delivery(), resource, build);
  nlohmann::json& spec = source.source.spec;
  spec["address"] = read_redis_address(fields.address, build.findings);
  spec["stream"] = read_filled(fields.stream, "stream", build.findings);
  // Not Knative's pod name: after a restart the group has to be the same one.
  spec["group"] = fields.group ? read_filled(fields.group, "group", build.findings)
                               : "knative-redis-source-" + resource.ns + "-" + resource.name;
  build.graph.reading_sources.push_back(std::move(source));
}

}  // namespace

template <>
const Shape<RedisStreamSourceFields>& shape_of() {
  using Fields = RedisStreamSourceFields;
  static const Shape<Fields> shape(
      "RedisStreamSource spec",
      {
          field<&Fields::address>(kRedisAddress),
          field<&Fields::stream>({"stream", "The key of the stream; it is made if need be.", true}),
          field<&Fields::group>({"group", "Under which name Redis keeps how far it has been read.",
                                 false, "knative-redis-source-NAMESPACE-NAME"}),
          field<&Fields::consumers, Fields>(kConsumers),
          field<&Fields::delivery, Fields>({"delivery", "How often it is tried, and what then.",
                                            false, "retry 5, exponential, PT0.05S"}),
          field<&Fields::ce_overrides, Fields>(kOverrides),
          field<&Fields::sink, Fields>(kSourceSink),
      });
  return shape;
}

KindInfo redis_stream_source_kind() {
  KindInfo info;
  info.kind = "RedisStreamSource";
  info.api_versions = {"sources.knative.dev/v1alpha1"};
  info.about =
      "Reads a stream of Redis from where the group was made on: each entry is the data of a "
      "`dev.knative.sources.redisstream`.";
  info.backend = Backend::redis;
  info.spec = &shape_info<RedisStreamSourceFields>;
  info.build = build_redis_stream_source;
  return info;
}

}  // namespace sluice
