#include "base/task_group.h"

#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {
namespace {

[[noreturn]] void die_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "bug: exception left a coroutine: %s\n", exception.what());
  } catch (...) {
    std::fprintf(stderr, "bug: exception left a coroutine\n");
  }
  std::abort();
}

}  // namespace

TaskGroup::~TaskGroup() { SLUICE_ASSERT(running_ == 0); }

void TaskGroup::spawn(Awaitable<void> work) {
  ++running_;
  const auto ended = [this](const std::exception_ptr& error) {
    if (error) die_of(error);
    if (--running_ == 0) joined_.notify_all();
  };
  // Posted: co_spawn would run it inside this call, up to its first suspension.
  boost::asio::post(core_.executor(), [this, ended, started = std::move(work)]() mutable {
    boost::asio::co_spawn(core_.executor(), std::move(started), ended);
  });
}

Awaitable<void> TaskGroup::join() {
  while (running_ > 0) co_await joined_.wait(core_, kNever);
}

}  // namespace sluice
