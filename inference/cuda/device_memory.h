#pragma once

#include "inference/cuda/cuda_error.h"
#include "inference/result.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::inference::cuda {

/// Memory of the device, or, `Pinned`, of the host that the device reads and writes by itself.
/// Aligned to 256 bytes; not initialised.
template <bool Pinned>
class Memory {
 public:
  Memory() = default;
  Memory(Memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Memory& operator=(Memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Memory() {  // What a lost device says to this does not matter.
    if (data_ == nullptr) return;
    static_cast<void>(Pinned ? cudaFreeHost(data_) : cudaFree(data_));
  }

  /// Errors: resource_exhausted, unavailable; `what` says for what.
  static Result<Memory> make(std::int64_t bytes, const char* what) {
    Memory memory;
    memory.size_ = static_cast<std::size_t>(bytes);
    INFERENCE_CHECK(check(Pinned ? cudaHostAlloc(&memory.data_, memory.size_, cudaHostAllocDefault)
                                 : cudaMalloc(&memory.data_, memory.size_),
                          what));
    return Result<Memory>(std::move(memory));
  }

  template <class T>
  [[nodiscard]] T* as() const noexcept {
    return static_cast<T*>(data_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

using DeviceMemory = Memory<false>;
using PinnedMemory = Memory<true>;

/// What `Destroy` destroys: a stream, an event, a graph.
template <class Handle, cudaError_t (*Destroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Handle handle) : handle_(handle) {}
  Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Owned() {
    if (handle_ != nullptr) static_cast<void>(Destroy(handle_));
  }
  [[nodiscard]] Handle get() const noexcept { return handle_; }

 private:
  Handle handle_ = nullptr;
};

using OwnedStream = Owned<cudaStream_t, cudaStreamDestroy>;
using OwnedEvent = Owned<cudaEvent_t, cudaEventDestroy>;
using OwnedGraph = Owned<cudaGraph_t, cudaGraphDestroy>;
using OwnedGraphExec = Owned<cudaGraphExec_t, cudaGraphExecDestroy>;

/// Errors: unavailable.
[[nodiscard]] inline Result<OwnedStream> make_stream() {
  cudaStream_t stream = nullptr;
  INFERENCE_CHECK(check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream"));
  return OwnedStream(stream);
}

/// Without time stamps. Errors: unavailable.
[[nodiscard]] inline Result<OwnedEvent> make_event() {
  cudaEvent_t event = nullptr;
  INFERENCE_CHECK(check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "an event"));
  return OwnedEvent(event);
}

}  // namespace sluice::inference::cuda
