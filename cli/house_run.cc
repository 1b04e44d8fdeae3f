// A house from its start to its end: dispatchers before sources, and the other way round.

#include "base/on_core.h"
#include "base/wait_queue.h"
#include "cli/house.h"

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::steady_clock;

// How often drain() looks whether the channels are empty.
constexpr std::chrono::milliseconds kDrainPoll{10};

/// Calls `visit` with every dispatcher of `core`, on it.
template <typename Visit>
Awaitable<void> visit_dispatchers(const House& house, const Core& core, Visit& visit) {
  house.for_each_dispatcher([&](Dispatcher& dispatcher, bool is_kept) {
    if (&dispatcher.core() == &core) visit(dispatcher, is_kept);
  });
  co_return;
}

Awaitable<void> start_source(Source& source) {
  source.start();
  co_return;
}

Awaitable<void> hurry(Core& core) {
  core.deadlines().hurry();
  co_return;
}

Awaitable<void> stop_dispatchers(const House& house, Core& core) {
  std::vector<Dispatcher*> here;
  house.for_each_dispatcher([&](Dispatcher& dispatcher, bool) {
    if (&dispatcher.core() == &core) here.push_back(&dispatcher);
  });
  for (Dispatcher* const dispatcher : here) co_await dispatcher->stop();
}

}  // namespace

template <typename Visit>
Awaitable<void> House::visit_all(Visit visit) {
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    Core& core = cores_.core(i);
    co_await on_core(core, visit_dispatchers(*this, core, visit));
  }
}

Awaitable<void> House::start() {
  co_await visit_all([](Dispatcher& dispatcher, bool) { dispatcher.start(); });
  for (const HouseSource& source : sources_) {
    co_await on_core(*source.core, start_source(*source.source));
  }
}

std::uint64_t House::depth_of(bool durable) const {
  std::uint64_t depth = 0;
  for (const auto& channel : channels_) {
    if (channel->is_durable == durable) depth += channel->channel->depth();
  }
  return depth;
}

Awaitable<bool> House::is_idle_until(Deadline deadline) {
  const bool is_empty = depth() == 0;
  bool idle = true;
  co_await visit_all([&](Dispatcher& one, bool is_kept) {
    if (is_kept) {
      idle = idle && !one.is_busy();
    } else {
      idle = idle && (is_empty || one.is_idle_until(deadline));
    }
  });
  co_return idle;
}

/// What was acked is told to every backend; nothing is accepted or handed out any more.
/// Side by side: each may have to wait until a server that does not answer counts as lost.
Awaitable<void> House::close_backends() {
  TaskGroup closing(*Core::current());
  for (const auto& channel : channels_) closing.spawn(channel->channel->close());
  for (const HouseReader& reader : readers_) {
    closing.spawn(on_core(reader.dispatcher->core(), reader.reader->close()));
  }
  co_await closing.join();
}

Awaitable<std::uint64_t> House::drain(Deadline deadline, const bool& cut_short) {
  co_await visit_all([deadline](Dispatcher& dispatcher, bool is_kept) {
    if (is_kept) {
      dispatcher.leave_the_rest();
    } else {
      dispatcher.drain_until(deadline);
    }
  });
  // Each apart: a source whose sink hangs must hold up neither the others nor the deadline.
  for (const HouseSource& source : sources_) {
    ending_.spawn(on_core(*source.core, source.source->stop()));
  }
  WaitQueue clock;
  int quiet_polls = 0;  // Two in a row: an event between two channels during the first has arrived.
  while (steady_clock::now() < deadline && quiet_polls < 2 && !cut_short) {
    bool quiet = co_await is_idle_until(deadline);
    quiet = quiet && ending_.size() == 0 && models_.is_idle();
    quiet_polls = quiet ? quiet_polls + 1 : 0;
    co_await clock.wait(*Core::current(), std::min(deadline, steady_clock::now() + kDrainPoll));
  }
  // Closed before the last count: nothing can be accepted and lost behind it.
  co_await close_backends();
  co_return depth();
}

Awaitable<void> House::stop() {
  co_await close_backends();
  co_await visit_all([](Dispatcher& dispatcher, bool) { dispatcher.halt(); });
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    co_await on_core(cores_.core(i), hurry(cores_.core(i)));
  }
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    co_await on_core(cores_.core(i), stop_dispatchers(*this, cores_.core(i)));
  }
  models_.stop();
  co_await ending_.join();
}

}  // namespace sluice
