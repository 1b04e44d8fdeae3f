#pragma once

#include "inference/result.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::inference {

/// Zeroed memory, aligned to a page; pages that are never touched cost nothing. For weights,
/// activations and the KV cache.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer();

  /// Errors: resource_exhausted; `what` says for what.
  static Result<Buffer> make(std::int64_t size, const char* what);

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] float* floats() const noexcept { return reinterpret_cast<float*>(data_); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sluice::inference
