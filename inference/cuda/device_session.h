#pragma once

#include "inference/result.h"

#include <cuda_runtime.h>

#include <chrono>
#include <cstdint>
#include <functional>

namespace sluice::inference::cuda {

/// How long a model waits for others to let go of a lost device: they hear of it at once, and do so
/// when the step that they are in has failed.
inline constexpr std::chrono::seconds kLetGoPatience{30};

/// A part of this process that uses a device: a model. A CUDA error that poisons the device's
/// context takes it from all of them; once the last of them has let go, the device is reset, and
/// can be opened again, unless CUDA refuses that: it promises it for no error. So all of them have
/// to hear of it. Any thread.
class DeviceSession {
 public:
  /// Waits while the device is lost and others have not let go of it, `patience` at most.
  /// Errors: unavailable: no such device, or it is lost still.
  static Result<DeviceSession> open(int device, std::chrono::milliseconds patience = {});

  /// The same without a session: until the device can be used.
  static Result<void> wait_until_usable(int device, std::chrono::milliseconds patience);

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

  /// Backend::listen(). `on_lost` may not call any session: it is called under their lock.
  void listen(std::function<void()> on_lost) const;

  [[nodiscard]] bool is_lost() const;
  [[nodiscard]] int device() const noexcept { return device_; }

 private:
  DeviceSession(int device, std::uint64_t id) : device_(device), id_(id) {}
  void lose() const;

  int device_ = -1;       // -1: moved from.
  std::uint64_t id_ = 0;  // Among those of the process.
};

}  // namespace sluice::inference::cuda
