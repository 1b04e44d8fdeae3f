#pragma once

#include "channels/channel.h"
#include "sinks/sink.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// A channel's address: what is sent here is appended. Success is 202.
class ChannelSink final : public Sink {
 public:
  /// `channel` outlives the sink's last send().
  ChannelSink(Channel& channel, std::string url) : channel_(channel), url_(std::move(url)) {}

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override;
  Awaitable<BatchAttempt> send_all(std::vector<EventPtr> events, Deadline deadline) override;
  const std::string& url() const noexcept override { return url_; }

 private:
  Channel& channel_;
  std::string url_;
};

/// A Broker's address: what is sent here is stamped and published to its channel, which its
/// triggers read. Producers, replies and flows all enter by this door.
class Broker final : public Sink {
 public:
  Broker(Channel& channel, std::string url) : channel_(channel), url_(std::move(url)) {}

  /// Sets `knativearrivaltime` and the hop count, then appends: completes when the channel has the
  /// event.
  /// Errors: invalid_argument when the hop count is used up; those of Channel::append().
  Task<void> publish(EventPtr event, Deadline deadline);

  /// publish() of several, at least one: of all or of none, as Channel::append_all() has it.
  /// Errors: invalid_argument, with the index of the event, when a hop count is used up; those of
  /// Channel::append_all().
  Task<void> publish_all(std::vector<EventPtr> events, Deadline deadline);

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override;
  Awaitable<BatchAttempt> send_all(std::vector<EventPtr> events, Deadline deadline) override;
  const std::string& url() const noexcept override { return url_; }

 private:
  Channel& channel_;
  std::string url_;
};

/// `event` as a Broker's triggers see it: with `knativearrivaltime` and the hop count set.
/// Errors: those of next_hop_count().
[[nodiscard]] Result<EventPtr> stamped_by_broker(EventPtr event);

/// The hop count that an event enters a Broker with: 255 where it has none that is an integer, else
/// one less than it came with.
/// Errors: invalid_argument when that is used up.
[[nodiscard]] Result<std::int32_t> next_hop_count(const Event& event);

}  // namespace sluice
