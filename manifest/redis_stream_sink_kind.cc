// RedisStreamSink (sinks.knative.dev/v1alpha1): writes the events that it gets to a stream.

#include "manifest/redis_fields.h"

namespace sluice {
namespace {

struct RedisStreamSinkFields {
  Value<std::string> address;
  Value<std::string> stream;
};

void build_redis_stream_sink(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<RedisStreamSinkFields>(resource);
  SinkSpec sink;
  sink.kind = "RedisStreamSink";
  sink.ns = resource.ns;
  sink.name = resource.name;
  sink.spec["address"] = read_redis_address(fields.address, build.findings);
  sink.spec["stream"] = read_filled(fields.stream, "stream", build.findings);
  build.graph.sinks.push_back(std::move(sink));
}

}  // namespace

template <>
const Shape<RedisStreamSinkFields>& shape_of() {
  using Fields = RedisStreamSinkFields;
  static const Shape<Fields> shape(
      "RedisStreamSink spec",
      {
          field<&Fields::address>(kRedisAddress),
          field<&Fields::stream>({"stream", "The key of the stream; it is made if need be.", true}),
      });
  return shape;
}

KindInfo redis_stream_sink_kind() {
  KindInfo info;
  info.kind = "RedisStreamSink";
  info.api_versions = {"sinks.knative.dev/v1alpha1"};
  info.about = "Adds the events that it gets at `/NAMESPACE/sinks/NAME` to a stream of Redis.";
  info.addressing = Addressing::local;
  info.plural = "sinks";
  info.backend = Backend::redis;
  info.spec = &shape_info<RedisStreamSinkFields>;
  info.build = build_redis_stream_sink;
  return info;
}

}  // namespace sluice
