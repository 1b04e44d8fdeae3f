#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace sluice {

/// Which offsets of one partition are settled, and up to where all are: the only position that may
/// be told to Kafka. Offsets that the log skips count as settled. Not thread safe.
class OffsetTracker {
 public:
  /// Everything before `start` is settled.
  explicit OffsetTracker(std::int64_t start) : next_(start) {}

  /// Handed out: larger than any before.
  void hand_out(std::int64_t offset);

  /// Done with. Idempotent; says nothing of an offset that was not handed out.
  void settle(std::int64_t offset);

  /// The highest offset before which everything is settled.
  [[nodiscard]] std::int64_t position() const noexcept;

  /// The offset behind the last one that was handed out.
  [[nodiscard]] std::int64_t next() const noexcept { return next_; }

  /// Handed out and not settled.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }

  /// Between position() and next(), settled ones too: what a crash would bring again at most.
  [[nodiscard]] std::size_t window() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t offset;
    bool is_settled;
  };

  std::deque<Entry> entries_;  // By offset; the first one is not settled.
  std::int64_t next_;
  std::size_t open_ = 0;
};

}  // namespace sluice
