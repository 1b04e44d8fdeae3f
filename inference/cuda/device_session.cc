#include "inference/cuda/device_session.h"

#include "inference/cuda/cuda_error.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace sluice::inference::cuda {
namespace {

struct DeviceUse {
  bool is_lost = false;
  bool is_gone = false;                                    // CUDA did not give it back.
  std::map<std::uint64_t, std::function<void()>> on_lost;  // By session; empty: nobody listens.
};

/// Of the process; CUDA's own state is the process's too.
struct Devices {
  std::mutex mutex;
  std::condition_variable usable;
  std::map<int, DeviceUse> use;
  std::uint64_t last_id = 0;
};

Devices& devices() {
  static Devices the;
  return the;
}

}  // namespace

Result<DeviceSession> DeviceSession::open(int device, std::chrono::milliseconds patience) {
  INFERENCE_CHECK(wait_until_usable(device, patience));
  const std::scoped_lock lock(devices().mutex);
  INFERENCE_CHECK(cuda::check(cudaSetDevice(device), "the device"));
  const std::uint64_t id = ++devices().last_id;
  devices().use[device].on_lost[id];
  return DeviceSession(device, id);
}

Result<void> DeviceSession::wait_until_usable(int device, std::chrono::milliseconds patience) {
  std::unique_lock lock(devices().mutex);
  DeviceUse& use = devices().use[device];
  const auto is_decided = [&] { return use.is_gone || !use.is_lost; };
  const bool is_in_time = devices().usable.wait_for(lock, patience, is_decided);
  if (use.is_gone) {
    return fail(Errc::unavailable, "cuda: device " + std::to_string(device) +
                                       " is lost, and cannot be reset: restart the process");
  }
  if (is_in_time) return {};
  return fail(Errc::unavailable, "cuda: device " + std::to_string(device) +
                                     " is lost, and other models have not let go of it yet");
}

void DeviceSession::listen(std::function<void()> on_lost) const {
  const std::scoped_lock lock(devices().mutex);
  DeviceUse& use = devices().use[device_];
  if (use.is_lost) on_lost();
  use.on_lost[id_] = std::move(on_lost);
}

DeviceSession::DeviceSession(DeviceSession&& other) noexcept
    : device_(std::exchange(other.device_, -1)), id_(other.id_) {}

DeviceSession& DeviceSession::operator=(DeviceSession&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(id_, other.id_);
  return *this;
}

DeviceSession::~DeviceSession() {
  if (device_ < 0) return;
  const std::scoped_lock lock(devices().mutex);
  DeviceUse& use = devices().use[device_];
  use.on_lost.erase(id_);
  if (!use.on_lost.empty() || !use.is_lost) return;
  static_cast<void>(cudaSetDevice(device_));
  use.is_lost = use.is_gone = cudaDeviceReset() != cudaSuccess;
  static_cast<void>(cudaGetLastError());
  devices().usable.notify_all();
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
  DeviceUse& use = devices().use[device_];
  if (std::exchange(use.is_lost, true)) return;
  for (const auto& [id, on_lost] : use.on_lost) {
    if (on_lost) on_lost();
  }
}

}  // namespace sluice::inference::cuda
