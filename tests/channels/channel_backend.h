#pragma once

#include "base/result.h"
#include "channels/channel_spec.h"

#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// What a kind of channel runs on in a test: a server of its own, ended with this object. Channels
/// are closed before.
class ChannelBackend {
 public:
  virtual ~ChannelBackend() = default;

  /// A channel on it. The same name is the same channel.
  [[nodiscard]] virtual ChannelSpec spec(const std::string& name) const = 0;
};

using ChannelBackendPtr = std::unique_ptr<ChannelBackend>;

/// Starts the backend of `kind`. Errors: unavailable, with the reason, where its server cannot be
/// had here.
[[nodiscard]] Result<ChannelBackendPtr> start_channel_backend(std::string_view kind);

}  // namespace sluice
