#pragma once

#include "channels/channel.h"
#include "sources/source.h"

#include <string>
#include <utility>

namespace sluice {

/// Lets the backend of the channel that a source feeds say which process acts.
class ChannelElection final : public Election {
 public:
  /// `channel` outlives the source.
  ChannelElection(Channel& channel, std::string name) : channel_(channel), name_(std::move(name)) {}

  Task<bool> is_ours(const std::string& occasion, std::chrono::milliseconds held) override {
    const Claim claim(name_, occasion, held);
    const Deadline deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
    co_return co_await channel_.claim(claim, deadline);
  }

 private:
  static constexpr std::chrono::seconds kAnswerTimeout{5};

  Channel& channel_;
  const std::string name_;
};

}  // namespace sluice
