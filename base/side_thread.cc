#include "base/side_thread.h"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>

namespace sluice {
namespace {

/// How many threads are at work. It is never destroyed: some may outlive the process's statics.
struct Running {
  std::mutex mutex;
  std::condition_variable none;
  int threads = 0;  ///< Under `mutex`.

  void begin() {
    const std::lock_guard lock(mutex);
    ++threads;
  }

  void end() {
    const std::lock_guard lock(mutex);
    if (--threads == 0) none.notify_all();
  }
};

Running& running() {
  static auto& all = *new Running;
  return all;
}

}  // namespace

Result<void> run_aside(std::function<void()> work) {
  running().begin();
  try {
    std::thread([work = std::move(work)]() mutable {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
      work();
      work = nullptr;  // What it held goes first.
      running().end();
    }).detach();
  } catch (const std::system_error& error) {
    running().end();
    return fail(Errc::resource_exhausted, std::string("cannot start a thread: ") + error.what());
  }
  return boost::outcome_v2::success();
}

bool wait_for_side_threads(std::chrono::milliseconds at_most) {
  std::unique_lock lock(running().mutex);
  return running().none.wait_for(lock, at_most, [] { return running().threads == 0; });
}

}  // namespace sluice
