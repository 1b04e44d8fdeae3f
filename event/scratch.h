#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <string_view>

namespace sluice {

/// Where a decoder keeps the pieces of an event that it had to rewrite (unescaped, lower-cased)
/// until the event is built. One per thread; the decoder clears it when it starts, so the pieces
/// last until the next event is decoded on the thread.
class Scratch {
 public:
  [[nodiscard]] static Scratch& of_thread() {
    thread_local Scratch scratch;
    return scratch;
  }

  void clear() noexcept { memory_.release(); }

  /// `bytes` bytes that last until the scratch is cleared.
  [[nodiscard]] char* take(std::size_t bytes) {
    return static_cast<char*>(memory_.allocate(bytes, 1));
  }

 private:
  Scratch() = default;

  std::array<char, 8192> first_;  // Most events need no more.
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
};

}  // namespace sluice
