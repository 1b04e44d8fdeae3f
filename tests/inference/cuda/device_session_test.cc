// Losing a device, and getting it back.

#include "inference/cuda/cuda_backend.h"
#include "inference/cuda/device_memory.h"
#include "inference/cuda/device_session.h"

#include <gmock/gmock.h>
#include <runtime.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <optional>
#include <semaphore>
#include <thread>

namespace sluice::inference::cuda {
namespace {

using testing::HasSubstr;

TEST(DeviceSession, OutlivesAnErrorOfMemory) {
  const auto session = DeviceSession::open(0);
  ASSERT_TRUE(session);
  const auto memory = session.value().checked(DeviceMemory::make(std::int64_t{1} << 50, "a lot"));
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().code, Errc::resource_exhausted);
  EXPECT_THAT(memory.error().detail, HasSubstr("a lot: cudaErrorMemoryAllocation"));
  EXPECT_FALSE(session.value().is_lost());
  EXPECT_TRUE(DeviceMemory::make(1000, "a little"));
}

TEST(DeviceSession, ThatIsLostIsLostForAllUntilAllHaveLetGo) {
  auto one = std::optional(DeviceSession::open(0).value());
  auto two = std::optional(DeviceSession::open(0).value());
  auto memory = DeviceMemory::make(1000, "memory").value();
  cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
  EXPECT_FALSE(two->check(cudaSetDevice(0), "the device"));
  EXPECT_TRUE(one->is_lost());
  EXPECT_FALSE(two->check(cudaSetDevice(0), "the device")) << "it stays";

  EXPECT_EQ(DeviceSession::open(0).error().code, Errc::unavailable);
  memory = {};
  two.reset();
  EXPECT_EQ(DeviceSession::open(0).error().code, Errc::unavailable) << "one is still there";
  one.reset();
  const auto again = DeviceSession::open(0);
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_FALSE(again.value().is_lost());
  EXPECT_TRUE(DeviceMemory::make(1000, "memory"));
}

TEST(DeviceSession, TellsAllWhoShareItThatItIsLost) {
  auto one = DeviceSession::open(0).value();
  auto two = std::optional(DeviceSession::open(0).value());
  auto three = std::optional(DeviceSession::open(0).value());
  int told_one = 0;
  int told_two = 0;
  one.listen([&] { ++told_one; });
  two->listen([&] { ++told_two; });
  two.reset();
  cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
  EXPECT_FALSE(three->check(cudaSetDevice(0), "the device"));
  EXPECT_FALSE(three->check(cudaSetDevice(0), "the device")) << "again";
  EXPECT_EQ(told_one, 1);
  EXPECT_EQ(told_two, 0) << "it was gone by then";
  int told_late = 0;
  three->listen([&] { ++told_late; });
  EXPECT_EQ(told_late, 1);
}

TEST(DeviceSession, IsOpenedOnceTheOthersHaveLetGo) {
  auto lost = std::optional(DeviceSession::open(0).value());
  auto other = std::optional(DeviceSession::open(0).value());
  std::binary_semaphore told(0);
  other->listen([&] { told.release(); });
  cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
  EXPECT_FALSE(lost->check(cudaSetDevice(0), "the device"));
  lost.reset();
  std::thread lets_go([&] {
    told.acquire();
    other.reset();
  });
  const auto again = DeviceSession::open(0, std::chrono::minutes(1));
  lets_go.join();
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_FALSE(again.value().is_lost());
}

TEST(DeviceSession, ThatIsLostIsWaitedForBeforeTheDeviceIsLookedAt) {
  auto other = std::optional(DeviceSession::open(0).value());
  cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
  EXPECT_FALSE(other->check(cudaSetDevice(0), "the device"));
  auto found = std::async(std::launch::async, [] { return find_cuda_device(0); });
  EXPECT_EQ(found.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  other.reset();
  const auto device = found.get();
  EXPECT_TRUE(device) << device.error().detail;
}

[[noreturn]] void lose_for_good() {
  auto session = std::optional(DeviceSession::open(0).value());
  cuda_on_host::refuse_resets();
  cuda_on_host::fail_next_call(cudaErrorIllegalAddress);
  static_cast<void>(session->check(cudaSetDevice(0), "the device"));
  session.reset();
  const auto again = DeviceSession::open(0, std::chrono::minutes(1));
  std::cerr << (again ? "opened" : again.error().detail) << '\n';
  std::exit(0);
}

TEST(DeviceSession, ThatCudaDoesNotGiveBackWantsANewProcess) {
  EXPECT_EXIT(lose_for_good(), testing::ExitedWithCode(0), "cannot be reset: restart the process");
}

TEST(DeviceSession, NamesADeviceThatIsNotThere) {
  const auto session = DeviceSession::open(7);
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().detail, HasSubstr("the device: "));
}

}  // namespace
}  // namespace sluice::inference::cuda
