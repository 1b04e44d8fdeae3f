#pragma once

#include "base/result.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace sluice {

/// The executor of every coroutine of ours: one io_context per core. Concrete, not
/// any_io_executor, so that no resumption goes through a type-erased call.
using Executor = boost::asio::io_context::executor_type;

/// A coroutine of ours.
template <typename T>
using Awaitable = boost::asio::awaitable<T, Executor>;

/// What an async function that can fail returns: a coroutine that ends in a Result.
template <typename T>
using Task = Awaitable<Result<T>>;

/// The moment after which nobody wants the answer. The last parameter of every async function.
using Deadline = std::chrono::steady_clock::time_point;

/// "No deadline of its own": ends only when its owner is stopped.
inline constexpr Deadline kNever = Deadline::max();

/// Completion token: co_await gives the tuple (error_code, ...) and nothing throws.
inline constexpr auto use_tuple = boost::asio::as_tuple(boost::asio::use_awaitable_t<Executor>());

}  // namespace sluice
