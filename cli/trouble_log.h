#pragma once

#include "base/task_group.h"
#include "cli/readiness.h"

#include <chrono>
#include <map>
#include <string>

namespace sluice {

/// Says in the log when a channel or a source does not work, why, again when the reason is another,
/// and when it works again. Looks each second; what passes within a few seconds, as joining a
/// group at the start does, is not said. Used on one core; stopped before the house is.
class TroubleLog {
 public:
  TroubleLog(const House& house, Core& core) : house_(house), group_(core) {}

  void start() { group_.spawn(watch()); }
  Awaitable<void> stop();

 private:
  Awaitable<void> watch();
  void look();

  const House& house_;
  TaskGroup group_;
  WaitQueue clock_;
  /// What troubles something, since when, and what of that was said.
  struct Known {
    std::string detail;
    std::string said;
    std::chrono::steady_clock::time_point since;
  };
  std::map<std::string, Known> known_;
  bool stopping_ = false;
};

}  // namespace sluice
