#pragma once

#include "base/core_pool.h"
#include "base/task.h"
#include "channels/consumer.h"
#include "sinks/sink.h"
#include "sources/source_spec.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

/// What became of a source's events: sluice_source_events_total{outcome}.
struct SourceCounters {
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> retried{0};
  std::atomic<std::uint64_t> dropped{0};
};

/// Produces events into a Sink. Lifecycle: make_source() -> start() -> stop() -> destroy, all on
/// the core it was made for.
class Source {
 public:
  virtual ~Source() = default;

  virtual void start() = 0;

  /// Produces nothing more; completes when nothing of this source is in flight. Never fails.
  virtual Awaitable<void> stop() = 0;

  [[nodiscard]] virtual const SourceCounters& counters() const noexcept = 0;
};

/// Of the processes that run the same manifests, one acts at a time.
class Election {
 public:
  virtual ~Election() = default;

  /// Whether this process is the one, for `occasion`, a text that is the same in all of them; no
  /// other occasion of the same name comes within `held`. Asked again after an error, the answer is
  /// as it would have been. Errors: those of Channel::claim().
  virtual Task<bool> is_ours(const std::string& occasion, std::chrono::milliseconds held) = 0;
};

/// What a source is made with.
struct SourceParts {
  SinkPtr sink;
  Core& core;
  std::shared_ptr<Election> election = nullptr;  ///< Null: nobody shares the work.
};

/// Makes the source that `spec` describes. The kinds are the lines of sources/sources.def; each .cc
/// documents its own fields on top.
/// Errors: invalid_argument (names the offending field).
[[nodiscard]] Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec,
                                                          SourceParts parts);

/// Makes the reader that `spec` describes, of a kind that takes what others have written to a log:
/// KafkaSource, RedisStreamSource. A dispatcher carries its events to the sink and acks them.
/// Does not wait for the backend. Errors: invalid_argument (names the offending field).
[[nodiscard]] Result<std::unique_ptr<Reader>> make_reader(const SourceSpec& spec,
                                                          const ConsumerOptions& options);

}  // namespace sluice
