#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <type_traits>

// Blocks of CUDA threads as fibers of one thread: each runs until it meets the others of its block
// or its warp. See cuda_runtime.h.

namespace cuda_on_host {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr Dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
  [[nodiscard]] constexpr unsigned size() const { return x * y * z; }
};

struct Launch {
  Dim3 grid;
  Dim3 block;
  std::size_t shared_bytes = 0;
};

/// Of the thread that runs.
inline Dim3 threadIdx, blockIdx, blockDim, gridDim;

enum class ThreadOrder { ascending, descending, shuffled };

/// In which order the threads of a block run from meeting to meeting, and the blocks of a grid; for
/// all that runs from now on.
void set_thread_order(ThreadOrder order);

/// Within a device's limits: 1 to 1024 threads, grid not empty, at most 227 KiB of shared memory.
[[nodiscard]] bool is_valid(const Launch& launch);

/// Runs all blocks, one after the other. Ends the program where threads wait for each other for
/// ever.
void run_grid(const Launch& launch, const std::function<void()>& kernel);

/// In its warp.
[[nodiscard]] int lane();

/// The block's dynamic shared memory; filled with 0xff bytes, NaNs, at the block's start.
[[nodiscard]] std::byte* dynamic_shared_memory();

/// Waits for all threads of the block that have not ended.
void meet_block();
/// Waits for all threads of the warp.
void meet_warp();

inline constexpr std::size_t kExchangeBytes = 128;  ///< The most of a lane.

/// 32 slots of kExchangeBytes: what the lanes gave, own bytes among them. Valid until the warp's
/// next but one exchange.
[[nodiscard]] const std::byte* exchange_bytes(const void* value, std::size_t bytes);

/// Something of each lane of a warp.
template <class T>
struct OfLanes {
  T values[32];
  const T& operator[](int lane) const { return values[lane]; }
};

/// Gives `value` to the others of the warp, and returns all 32.
template <class T>
OfLanes<T> exchange(const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kExchangeBytes);
  const std::byte* slots = exchange_bytes(&value, sizeof(T));
  OfLanes<T> all;
  for (std::size_t i = 0; i < 32; ++i) {
    std::memcpy(&all.values[i], slots + i * kExchangeBytes, sizeof(T));
  }
  return all;
}

/// Ends the program where the address is not one for 16 bytes at once.
void require_alignment(const void* address);

/// Copies that this thread has started and that have not arrived: cp.async.
void start_copy(void* to, const void* from, std::size_t bytes);
void commit_copies();
void wait_for_copies(int left);

}  // namespace cuda_on_host
