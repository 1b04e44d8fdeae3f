#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace sluice {

/// A double-ended queue in one growing ring. Empty, it owns no memory worth counting: a std::deque
/// keeps 576 bytes, which ten thousand idle triggers would pay for. Not thread safe.
template <typename T>
class RingQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    slots_[index(size_)] = std::move(value);
    ++size_;
  }

  void push_front(T value) {
    if (size_ == slots_.size()) grow();
    first_ = (first_ + slots_.size() - 1) % slots_.size();
    slots_[first_] = std::move(value);
    ++size_;
  }

  /// The queue must not be empty.
  T pop_front() {
    T value = std::move(slots_[first_]);
    slots_[first_] = T();
    first_ = (first_ + 1) % slots_.size();
    if (--size_ == 0 && slots_.size() > kKeptSlots) {
      slots_ = std::vector<T>();
      first_ = 0;
    }
    return value;
  }

 private:
  static constexpr std::size_t kKeptSlots = 1024;  // A burst's memory is given back.

  [[nodiscard]] std::size_t index(std::size_t offset) const noexcept {
    return (first_ + offset) % slots_.size();
  }

  void grow() {
    std::vector<T> larger(slots_.empty() ? 4 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move(slots_[index(i)]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sluice
