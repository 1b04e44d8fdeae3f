#include "base/kafka_wake.h"

#include "base/assert.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace sluice {
namespace {

constexpr std::uint64_t kOne = 1;

}  // namespace

EventFd::EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { SLUICE_ASSERT(fd_ >= 0); }

EventFd::~EventFd() { ::close(fd_); }

void EventFd::signal() const noexcept {
  // Full means that it was not read yet: then it wakes already.
  [[maybe_unused]] const auto written = ::write(fd_, &kOne, sizeof kOne);
}

KafkaWake::KafkaWake(Core& core)
    : signal_(std::make_shared<const EventFd>()),
      descriptor_(core.executor(), ::dup(signal_->get())) {}

void KafkaWake::watch(rd_kafka_queue_t& queue) const {
  rd_kafka_queue_io_event_enable(&queue, signal_->get(), &kOne, sizeof kOne);
}

void KafkaWake::unwatch(rd_kafka_queue_t& queue) {
  rd_kafka_queue_io_event_enable(&queue, -1, nullptr, 0);
}

void KafkaWake::stop() {
  if (!waiting_) return;
  waiting_ = false;
  alive_ = std::make_shared<int>();
  descriptor_.cancel();
}

void KafkaWake::close() {
  stop();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void KafkaWake::take() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto size = ::read(signal_->get(), &count, sizeof count);
}

}  // namespace sluice
