#pragma once

#include "base/core_pool.h"
#include "base/task.h"

#include <memory>
#include <string>

namespace sluice {

/// A file descriptor that texts are written to in the order they came, each in one piece, by a
/// thread beside the cores: when nobody reads the other end, no core waits. Destroyed while a write
/// blocks, it leaves that to itself. Thread safe.
class Output {
 public:
  /// More than this is never queued, but for one text alone: what a trigger with the default limits
  /// may have under way, 64 events of 1 MiB.
  static constexpr std::size_t kCapacityBytes = 64U * 1024 * 1024;

  /// `descriptor` stays the caller's, and open for as long as something is written to it.
  explicit Output(int descriptor, std::size_t capacity_bytes = kCapacityBytes);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Completes when `text` is written. `core` is the caller's.
  /// Errors: deadline_exceeded (what is queued then is not written, what is being written may be);
  /// resource_exhausted (the queue is full); unavailable (the descriptor cannot be written to).
  Task<void> write(Core& core, std::string text, Deadline deadline);

 private:
  class Queue;
  std::shared_ptr<Queue> queue_;
};

/// The process's standard output.
[[nodiscard]] Output& standard_output();

}  // namespace sluice
