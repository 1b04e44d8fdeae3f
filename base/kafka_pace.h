#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {

/// When a producer hands a topic's records to librdkafka: in rounds. A round is what one request of
/// each partition takes; the next begins when all of it is acknowledged, or after 100 ms, so that a
/// partition without a leader does not stop the others.
///
/// While five records of a partition are on their way, librdkafka 2.0.2 sends that partition no
/// further request of an idempotent producer, but asks its socket again and again without a pause
/// if there is more to send: a core is gone. So nothing is handed over that would have to wait
/// there. It waits here, and the next round is the larger.
class KafkaPace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Round = std::uint64_t;

  /// As librdkafka's linger.ms, batch.size and batch.num.messages.
  struct Bounds {
    std::chrono::microseconds linger{};
    std::size_t bytes = 0;
    std::size_t records = 0;
  };

  static constexpr std::chrono::milliseconds kShortest{1};
  static constexpr std::chrono::milliseconds kLongest{100};

  explicit KafkaPace(Bounds bounds) : bounds_(bounds) {
    if (bounds_.linger < kShortest) bounds_.linger = kShortest;
  }

  /// The round of a record of `bytes` that is handed over at `now`. None: it has to wait for a
  /// done() that answers true, or for ends().
  [[nodiscard]] std::optional<Round> take(Time now, std::size_t bytes) {
    if (on_their_way_ == 0 || now >= ends()) {
      ++round_;
      begin_ = now;
      records_ = bytes_ = on_their_way_ = 0;
    } else if (now - begin_ >= bounds_.linger || records_ >= bounds_.records ||
               bytes_ + bytes > bounds_.bytes) {
      return std::nullopt;
    }
    ++on_their_way_;
    ++records_;
    bytes_ += bytes;
    return round_;
  }

  /// A record of `round` is acknowledged, or was not handed over after all. True: it was the last
  /// of this round.
  bool done(Round round) { return round == round_ && --on_their_way_ == 0; }

  [[nodiscard]] Time ends() const {
    return begin_ + std::max<Time::duration>(kLongest, 2 * bounds_.linger);
  }

 private:
  Bounds bounds_;
  Round round_ = 0;
  Time begin_{};
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  std::size_t on_their_way_ = 0;
};

}  // namespace sluice
