// RedisChannel (sluice.dev/v1alpha1): a channel that is a stream of Redis.

#include "manifest/channel_parts.h"
#include "manifest/redis_fields.h"

#include <limits>

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMaxLength = 1'000'000;
constexpr milliseconds kLeastSession{2'000};
constexpr milliseconds kMostSession{600'000};

struct RedisChannelFields {
  Value<std::string> address;
  Value<std::int64_t> max_length;
  Value<milliseconds> session_timeout;
  Value<DeliveryFields> delivery;
};

void check_session(const Value<milliseconds>& timeout, Findings& findings) {
  if (!timeout || (*timeout >= kLeastSession && *timeout <= kMostSession)) return;
  findings.error(
      *timeout.node,
      "'sessionTimeout' wants a duration from PT2S to PT10M, not " + in_quotes(timeout.node->text),
      "after that long another process takes over what a dead one held");
}

ChannelParts read_redis_channel(const SpecPlace& place, const Resource&, Build& build) {
  const auto fields = build.read_spec<RedisChannelFields>(place);
  check_session(fields.session_timeout, build.findings);
  const std::int64_t length = fields.max_length ? *fields.max_length : kMaxLength;
  ChannelParts parts;
  parts.delivery = fields.delivery;
  // Nothing of it is in this process: the stream's length is the bound.
  parts.channel.capacity_events = static_cast<std::size_t>(length);
  parts.channel.capacity_bytes = std::numeric_limits<std::size_t>::max();
  nlohmann::json& spec = parts.channel.spec;
  spec["address"] = read_redis_address(fields.address, build.findings);
  if (fields.max_length) spec["maxLength"] = to_unsigned(length);
  spec["sessionTimeout"] = fields.session_timeout ? fields.session_timeout.node->text : "PT10S";
  return parts;
}

}  // namespace

template <>
const Shape<RedisChannelFields>& shape_of() {
  using Fields = RedisChannelFields;
  static const Shape<Fields> shape(
      "RedisChannel spec",
      {
          field<&Fields::address>(kRedisAddress),
          field<&Fields::max_length>({"maxLength",
                                      "How many events the stream holds that are not settled by "
                                      "every Subscription; past that producers get 429.",
                                      false, "1000000", 1}),
          field<&Fields::session_timeout>({"sessionTimeout",
                                           "After how long, PT2S to PT10M, another process takes "
                                           "over what a dead one held.",
                                           false, "PT10S"}),
          field<&Fields::delivery>(kChannelDelivery),
      });
  return shape;
}

KindInfo redis_channel_kind() {
  KindInfo info = channel_kind_info("RedisChannel", "sluice.dev/v1alpha1");
  info.about =
      "A channel in Redis: 202 means that Redis has it in its stream `sluice:NAMESPACE:NAME`; what "
      "that survives is said by Redis' own `appendfsync`.";
  info.backend = Backend::redis;
  info.spec = &shape_info<RedisChannelFields>;
  info.read_channel = read_redis_channel;
  return info;
}

}  // namespace sluice
