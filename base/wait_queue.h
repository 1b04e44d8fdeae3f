#pragma once

#include "base/core_pool.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <optional>
#include <utility>

namespace sluice {

/// Where coroutines of one core park until they are woken or their deadline passes. A wake-up is
/// posted, never run inside notify_one(). Last in, first out: the waiter that parked last is the
/// warmest, and the others may expire. Not thread safe; must be empty when destroyed.
class WaitQueue {
 public:
  /// Parks the calling coroutine. True when notified, false when `deadline` passed first.
  Awaitable<bool> wait(Core& core, Deadline deadline) {
    Waiter waiter(core);
    co_return co_await boost::asio::async_initiate<const Token, void(bool)>(
        [this, &waiter, deadline](Handler handler) { park(waiter, std::move(handler), deadline); },
        kToken);
  }

  /// Wakes the waiter that parked last. False when nobody waits.
  bool notify_one() {
    if (waiters_.empty()) return false;
    waiters_.front().complete(true);
    return true;
  }

  /// Wakes the waiter that parked first: for queues where each has to have its turn.
  bool notify_oldest() {
    if (waiters_.empty()) return false;
    waiters_.back().complete(true);
    return true;
  }

  void notify_all() {
    while (notify_one()) {
    }
  }

  [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }

 private:
  using Token = boost::asio::use_awaitable_t<Executor>;
  using Handler = typename boost::asio::async_result<Token, void(bool)>::handler_type;
  using Hook =
      boost::intrusive::list_base_hook<boost::intrusive::tag<WaitQueue>,
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  class Waiter final : public Expiring, public Hook {
   public:
    explicit Waiter(Core& core) : core_(core) {}

    void expire() override { complete(false); }

    void complete(bool notified) {
      Hook::unlink();
      DeadlineWheel::cancel(*this);
      boost::asio::post(core_.executor(), [handler = std::move(*handler_), notified]() mutable {
        handler(notified);
      });
    }

   private:
    friend class WaitQueue;
    Core& core_;
    std::optional<Handler> handler_;
  };

  void park(Waiter& waiter, Handler handler, Deadline deadline) {
    waiter.handler_.emplace(std::move(handler));
    waiters_.push_front(waiter);
    waiter.core_.deadlines().schedule(waiter, deadline);
  }

  static constexpr Token kToken{};
  boost::intrusive::list<Waiter, boost::intrusive::base_hook<Hook>,
                         boost::intrusive::constant_time_size<false>>
      waiters_;
};

}  // namespace sluice
