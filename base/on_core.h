#pragma once

#include "base/core_pool.h"
#include "base/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <utility>

namespace sluice {

/// Runs `work` on another core and resumes the caller on its own with the answer.
template <typename T>
Awaitable<T> on_core(Core& core, Awaitable<T> work) {
  return boost::asio::co_spawn(core.executor(), std::move(work),
                               boost::asio::use_awaitable_t<Executor>());
}

/// Runs `work` on a core and blocks until it has ended. For threads that are none of the pool's.
template <typename T>
T run_on_core(Core& core, Awaitable<T> work) {
  return boost::asio::co_spawn(core.executor(), std::move(work), boost::asio::use_future).get();
}

}  // namespace sluice
