#pragma once

#include "base/result.h"

#include <chrono>
#include <functional>

namespace sluice {

/// Runs `work` on a thread of its own that nobody waits for: for system calls that may block for
/// long, or for ever. So `work` owns all that it touches, and must not throw; the process may end
/// in the middle of it. Signals go to other threads, and a broken pipe is an error code there.
/// Errors: resource_exhausted (the system has no thread left).
[[nodiscard]] Result<void> run_aside(std::function<void()> work);

/// Waits until each `work` given to run_aside() is through, and what it held is gone; false where
/// one still runs `at_most` from now. For the end of the process: what is nearly done may finish,
/// and a leak checker sees no client half taken apart.
bool wait_for_side_threads(std::chrono::milliseconds at_most);

}  // namespace sluice
