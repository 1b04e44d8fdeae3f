#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::inference::cuda {

/// Device memory of a test. All bytes are 0xff at first: floats are NaN.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) {
    cudaMalloc(&data_, size * sizeof(T));
    cudaMemset(data_, 0xff, size * sizeof(T));
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) { set(values); }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// What the kernels have left there: streams are waited for by their owners.
  [[nodiscard]] std::vector<T> get() const {
    std::vector<T> values(size_);
    cudaMemcpy(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost);
    return values;
  }
  void set(const std::vector<T>& values) {
    cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice);
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

/// A stream whose work is done when the function returns. It does not wait for the null stream by
/// itself, which may still be filling the arrays.
template <class F>
void on_stream(F&& function) {
  cudaDeviceSynchronize();
  cudaStream_t stream = nullptr;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  function(stream);
  cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
}

}  // namespace sluice::inference::cuda
