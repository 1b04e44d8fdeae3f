#include "channels/channel.h"

namespace sluice {

#define SLUICE_CHANNEL(kind, factory) \
  Result<std::unique_ptr<Channel>> factory(const ChannelSpec& spec);
#include "channels/channels.def"
#undef SLUICE_CHANNEL

namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<Channel>> (*make)(const ChannelSpec& spec);
};

constexpr Kind kKinds[] = {
#define SLUICE_CHANNEL(kind, factory) {kind, factory},
#include "channels/channels.def"
#undef SLUICE_CHANNEL
};

}  // namespace

Result<std::unique_ptr<Channel>> make_channel(const ChannelSpec& spec) {
  for (const Kind& kind : kKinds) {
    if (kind.name == spec.kind) return kind.make(spec);
  }
  return fail(Errc::invalid_argument, "unknown channel kind: " + spec.kind);
}

Error no_room(std::size_t events, std::size_t capacity, std::string_view unit) {
  const std::string bound = std::to_string(capacity) + " " + std::string(unit);
  if (events == 1) {
    return fail(Errc::resource_exhausted, "the channel holds its capacity of " + bound);
  }
  return fail(Errc::resource_exhausted, "the channel has no room for " + std::to_string(events) +
                                            " events within its capacity of " + bound);
}

std::vector<std::string_view> channel_kinds() {
  std::vector<std::string_view> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

}  // namespace sluice
