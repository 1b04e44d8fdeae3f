#pragma once

#include "base/result.h"

#include <functional>

namespace sluice {

/// Runs `work` on a thread of its own that nobody waits for: for system calls that may block for
/// long, or for ever. So `work` owns all that it touches, and must not throw; the process may end
/// in the middle of it. Signals go to other threads, and a broken pipe is an error code there.
/// Errors: resource_exhausted (the system has no thread left).
[[nodiscard]] Result<void> run_aside(std::function<void()> work);

}  // namespace sluice
