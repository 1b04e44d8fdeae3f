// The fields of a RedisChannel, checked once more where they are used.

#include "channels/redis_settings.h"

#include "base/duration.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;

Error bad_field(std::string_view field, std::string_view why) {
  return fail(Errc::invalid_argument,
              "RedisChannel: " + std::string(field) + ": " + std::string(why));
}

}  // namespace

Result<RedisChannelSettings> read_redis_channel_settings(const ChannelSpec& spec) {
  RedisChannelSettings settings;
  settings.stream = "sluice:" + spec.ns + ":" + spec.name;
  settings.capacity = spec.capacity_events;
  bool has_address = false;
  for (const auto& [field, value] : spec.spec.items()) {
    if (field == "address") {
      if (!value.is_string()) return bad_field(field, "want a string");
      auto address = parse_redis_address(value.get_ref<const std::string&>());
      if (!address) return bad_field(field, address.error().detail);
      settings.address = std::move(address).value();
      has_address = true;
    } else if (field == "maxLength") {
      if (!value.is_number_integer() || value < 1) return bad_field(field, "want a number from 1");
      settings.capacity = value.get<std::size_t>();
    } else if (field == "sessionTimeout") {
      if (!value.is_string()) return bad_field(field, "want a duration such as PT10S");
      const auto timeout = parse_iso_duration(value.get_ref<const std::string&>());
      if (!timeout) return bad_field(field, timeout.error().detail);
      if (timeout.value() < milliseconds(100) || timeout.value() > std::chrono::hours(24)) {
        return bad_field(field, "want PT0.1S to PT24H");
      }
      settings.session_timeout = timeout.value();
    } else {
      return bad_field(field, "there is no such field");
    }
  }
  if (!has_address) return bad_field("address", "is missing; want redis://host:port");
  return settings;
}

}  // namespace sluice
