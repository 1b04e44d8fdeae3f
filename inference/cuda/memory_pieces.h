#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::inference::cuda {

/// Cuts one allocation into pieces, each aligned to 256 bytes as the whole is. Of no memory its
/// pieces are null, and it counts what they come to.
class MemoryPieces {
 public:
  explicit MemoryPieces(std::byte* memory) : memory_(memory) {}

  template <class T>
  [[nodiscard]] T* take(std::int64_t elements) {
    constexpr std::int64_t kAlignment = 256;
    auto* piece = memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + used_);
    const auto bytes = elements * static_cast<std::int64_t>(sizeof(T));
    used_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return piece;
  }

  /// The same, into `piece`.
  template <class T>
  void take(T*& piece, std::int64_t elements) {
    piece = take<T>(elements);
  }

  [[nodiscard]] std::int64_t used() const noexcept { return used_; }

 private:
  std::byte* memory_;
  std::int64_t used_ = 0;
};

}  // namespace sluice::inference::cuda
