#pragma once

#include "sinks/sink.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

/// The lines about events that a subscription dropped: at most one a second, with the count of
/// those between. Not thread safe.
class DropLog {
 public:
  /// One dropped event.
  struct Drop {
    const Event& event;
    const Sink& target;
    const Attempt& last;
    bool has_dead_letter_sink;
  };

  DropLog(const std::string& ns, const std::string& name) : ns_(ns), name_(name) {}

  void add(const Drop& drop);

  /// Says how many were dropped since the last line, if any.
  void flush();

 private:
  const std::string& ns_;
  const std::string& name_;
  std::chrono::steady_clock::time_point next_line_{};
  std::uint64_t unreported_ = 0;
};

}  // namespace sluice
