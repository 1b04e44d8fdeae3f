#pragma once

#include "base/core_pool.h"
#include "base/kafka_handle.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <memory>
#include <utility>

namespace sluice {

/// An eventfd as whoever wakes holds it: librdkafka's threads and ours.
class EventFd {
 public:
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }
  void signal() const noexcept;

 private:
  int fd_;
};

/// How librdkafka's queues, and threads beside the cores, wake a core: an eventfd that Asio waits
/// for. Touches the core only while it waits. Used on that core, but for what signal() returns.
class KafkaWake {
 public:
  explicit KafkaWake(Core& core);
  ~KafkaWake() { stop(); }
  KafkaWake(const KafkaWake&) = delete;
  KafkaWake& operator=(const KafkaWake&) = delete;

  [[nodiscard]] const std::shared_ptr<const EventFd>& signal() const noexcept { return signal_; }

  /// What comes into `queue` wakes. The queue's client does not outlive the signal.
  void watch(rd_kafka_queue_t& queue) const;
  static void unwatch(rd_kafka_queue_t& queue);

  /// Calls `woken()` once on the core when something came; one wait at a time. `woken` is not
  /// called after stop().
  template <typename Woken>
  void wait(Woken woken) {
    waiting_ = true;
    descriptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                           [this, alive = std::weak_ptr<int>(alive_),
                            again = std::move(woken)](const boost::system::error_code& error) {
                             if (error || alive.expired()) return;
                             waiting_ = false;
                             take();
                             again();
                           });
  }

  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }

  /// Leaves no wait on the core.
  void stop();

  /// The same, for good: nothing of it is left with the core.
  void close();

 private:
  void take() const noexcept;

  std::shared_ptr<const EventFd> signal_;
  boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  bool waiting_ = false;
};

}  // namespace sluice
