#pragma once

#include "inference/cuda/cuda_error.h"
#include "tests/inference/need.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference::cuda {

/// Device memory of a test. All bytes are 0xff at first: floats are NaN. What fails here fails the
/// test, by need().
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) {
    need(check(cudaMalloc(&data_, size * sizeof(T)), "cudaMalloc"));
    need(check(cudaMemset(data_, 0xff, size * sizeof(T)), "cudaMemset"));
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) { set(values); }
  ~DeviceArray() { static_cast<void>(cudaFree(data_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// What the kernels have left there: streams are waited for by their owners.
  [[nodiscard]] std::vector<T> get() const {
    std::vector<T> values(size_);
    need(check(cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost),
               "the copy from a device"));
    return values;
  }
  void set(const std::vector<T>& values) {
    need(check(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice),
               "the copy to a device"));
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

/// A stream whose work is done when the function returns. It does not wait for the null stream by
/// itself, which may still be filling the arrays. A kernel that fails fails the test here, by
/// need().
template <class F>
void on_stream(F&& function) {
  need(check(cudaDeviceSynchronize(), "cudaDeviceSynchronize"));
  cudaStream_t stream = nullptr;
  need(check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream"));
  function(stream);
  const cudaError_t error = cudaStreamSynchronize(stream);
  static_cast<void>(cudaStreamDestroy(stream));
  need(check(error, "the kernels"));
}

}  // namespace sluice::inference::cuda
