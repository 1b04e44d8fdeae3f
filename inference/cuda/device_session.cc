#include "inference/cuda/device_session.h"

#include "inference/cuda/cuda_error.h"

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::inference::cuda {
namespace {

struct DeviceUse {
  int sessions = 0;
  bool is_lost = false;
};

/// Of the process; CUDA's own state is the process's too.
struct Devices {
  std::mutex mutex;
  std::map<int, DeviceUse> use;
};

Devices& devices() {
  static Devices the;
  return the;
}

}  // namespace

Result<DeviceSession> DeviceSession::open(int device) {
  const std::scoped_lock lock(devices().mutex);
  DeviceUse& use = devices().use[device];
  if (use.is_lost) {
    return fail(Errc::unavailable, "cuda: device " + std::to_string(device) +
                                       " is lost, and other models have not let go of it yet");
  }
  INFERENCE_CHECK(cuda::check(cudaSetDevice(device), "the device"));
  ++use.sessions;
  return DeviceSession(device);
}

DeviceSession::DeviceSession(DeviceSession&& other) noexcept
    : device_(std::exchange(other.device_, -1)) {}

DeviceSession& DeviceSession::operator=(DeviceSession&& other) noexcept {
  std::swap(device_, other.device_);
  return *this;
}

DeviceSession::~DeviceSession() {
  if (device_ < 0) return;
  const std::scoped_lock lock(devices().mutex);
  DeviceUse& use = devices().use[device_];
  if (--use.sessions > 0 || !use.is_lost) return;
  static_cast<void>(cudaSetDevice(device_));
  static_cast<void>(cudaDeviceReset());
  static_cast<void>(cudaGetLastError());
  use.is_lost = false;
}

Result<void> DeviceSession::check(cudaError_t error, const char* what) const {
  return checked(cuda::check(error, what));
}

bool DeviceSession::is_lost() const {
  const std::scoped_lock lock(devices().mutex);
  return devices().use[device_].is_lost;
}

void DeviceSession::lose() const {
  const std::scoped_lock lock(devices().mutex);
  devices().use[device_].is_lost = true;
}

}  // namespace sluice::inference::cuda
