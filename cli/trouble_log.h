#pragma once

#include "base/task_group.h"
#include "cli/readiness.h"

#include <map>
#include <string>

namespace sluice {

/// Says in the log when a channel or a source stops working and when it works again. Looks each
/// second. Used on one core; stopped before the house is.
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
  std::map<std::string, std::string> known_;  // What troubles what.
  bool stopping_ = false;
};

}  // namespace sluice
