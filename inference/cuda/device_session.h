#pragma once

#include "inference/result.h"

#include <cuda_runtime.h>

namespace sluice::inference::cuda {

/// A part of this process that uses a device: a model. A CUDA error that poisons the device's
/// context takes it from all of them; once the last of them has let go, the device is reset, and
/// can be opened again. Any thread.
class DeviceSession {
 public:
  /// Errors: unavailable: no such device, or it is lost and still used by others.
  static Result<DeviceSession> open(int device);

  DeviceSession(DeviceSession&& other) noexcept;
  DeviceSession& operator=(DeviceSession&& other) noexcept;
  ~DeviceSession();

  /// `error` as a Result, like check(); where it is none that a caller can get over, the device is
  /// lost from here on.
  [[nodiscard]] Result<void> check(cudaError_t error, const char* what) const;

  /// A Result of check() on the way to the caller, with the same consequence.
  template <class T>
  [[nodiscard]] Result<T> checked(Result<T> result) const {
    if (!result && result.error().code == Errc::unavailable) lose();
    return result;
  }

  [[nodiscard]] bool is_lost() const;
  [[nodiscard]] int device() const noexcept { return device_; }

 private:
  explicit DeviceSession(int device) : device_(device) {}
  void lose() const;

  int device_ = -1;  // -1: moved from.
};

}  // namespace sluice::inference::cuda
