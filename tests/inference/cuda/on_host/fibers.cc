#include "fibers.h"

#include <ucontext.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace cuda_on_host {
namespace {

constexpr std::size_t kStackBytes = std::size_t{128} << 10;
constexpr std::size_t kMaxSharedBytes = std::size_t{227} << 10;

/// Opens when all that it expects have come.
struct Meeting {
  int expected = 0;
  int arrived = 0;
  std::uint64_t opened = 0;

  void open_if_all_are_there() {
    if (arrived == 0 || arrived < expected) return;
    arrived = 0;
    ++opened;
  }
};

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes;
};

struct Warp {
  Meeting meeting;
  std::array<std::array<std::byte, 32 * kExchangeBytes>, 2> slots;
};

/// Where a stack goes on. swapcontext() asks the system for the signal mask each time; a jump does
/// not, but AddressSanitizer takes it for a leap out of the function.
struct Place {
  ucontext_t context{};
  jmp_buf jump{};
  bool has_jump = false;
};

struct Fiber {
  Place place;
  std::unique_ptr<std::byte[]> stack = std::make_unique<std::byte[]>(kStackBytes);
  Dim3 thread;
  int index = 0;
  bool is_done = true;
  const Meeting* waits_for = nullptr;
  std::uint64_t waits_until = 0;  // meeting->opened is above this.
  std::vector<Copy> started;
  std::deque<std::vector<Copy>> groups;
};

struct Machine {
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Warp> warps;
  Meeting block;
  std::vector<uint64_t> shared;
  Place scheduler;
  Fiber* running = nullptr;
  const std::function<void()>* kernel = nullptr;
  ThreadOrder order = ThreadOrder::ascending;
  std::mt19937 random{1};
};

Machine& machine() {
  static Machine the;
  return the;
}

/// Switches stacks, and tells AddressSanitizer.
void switch_to(Place& from, Place& to, [[maybe_unused]] const void* stack,
               [[maybe_unused]] std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, stack, bytes);
  swapcontext(&from.context, &to.context);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  from.has_jump = true;
  if (_setjmp(from.jump) != 0) return;
  if (to.has_jump) _longjmp(to.jump, 1);
  setcontext(&to.context);
#endif
}

#ifdef __SANITIZE_ADDRESS__
const void* main_stack = nullptr;
std::size_t main_stack_bytes = 0;
#else
constexpr const void* main_stack = nullptr;
constexpr std::size_t main_stack_bytes = 0;
#endif

void leave() {
  Fiber& self = *machine().running;
  switch_to(self.place, machine().scheduler, main_stack, main_stack_bytes);
}

void run_fiber() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, &main_stack, &main_stack_bytes);
#endif
  Machine& all = machine();
  (*all.kernel)();
  Fiber& self = *all.running;
  if (!self.started.empty() ||
      std::ranges::any_of(self.groups, [](const auto& group) { return !group.empty(); })) {
    std::fputs("cuda_on_host: a thread ended with copies on their way\n", stderr);
    std::abort();
  }
  self.is_done = true;
  --all.block.expected;
  all.block.open_if_all_are_there();
  leave();
}

void meet(Meeting& meeting) {
  Fiber& self = *machine().running;
  self.waits_for = &meeting;
  self.waits_until = meeting.opened;
  ++meeting.arrived;
  meeting.open_if_all_are_there();
  while (meeting.opened == self.waits_until) leave();
  self.waits_for = nullptr;
}

Warp& warp_of(const Fiber& fiber) {
  return machine().warps[static_cast<std::size_t>(fiber.index / 32)];
}

Dim3 index_in(const Dim3& size, unsigned index) {
  return {index % size.x, index / size.x % size.y, index / size.x / size.y};
}

std::vector<unsigned> order_of(unsigned count) {
  std::vector<unsigned> order(count);
  std::iota(order.begin(), order.end(), 0U);
  if (machine().order == ThreadOrder::descending) std::ranges::reverse(order);
  if (machine().order == ThreadOrder::shuffled) std::ranges::shuffle(order, machine().random);
  return order;
}

void start_block(const Launch& launch, unsigned block) {
  Machine& all = machine();
  const unsigned count = launch.block.size();
  blockIdx = index_in(launch.grid, block);
  blockDim = launch.block;
  gridDim = launch.grid;
  while (all.fibers.size() < count) all.fibers.push_back(std::make_unique<Fiber>());
  all.warps.resize((count + 31) / 32);
  for (std::size_t i = 0; i < all.warps.size(); ++i) {
    all.warps[i].meeting = {std::min(32, static_cast<int>(count - i * 32)), 0, 0};
  }
  all.block = {static_cast<int>(count), 0, 0};
  all.shared.assign((launch.shared_bytes + 15) / 16 * 2, ~std::uint64_t{0});
  for (unsigned i = 0; i < count; ++i) {
    Fiber& fiber = *all.fibers[i];
    fiber.groups.clear();
    fiber.thread = index_in(launch.block, i);
    fiber.index = static_cast<int>(i);
    fiber.is_done = false;
    fiber.waits_for = nullptr;
    ucontext_t& start = fiber.place.context;
    getcontext(&start);
    start.uc_stack.ss_sp = fiber.stack.get();
    start.uc_stack.ss_size = kStackBytes;
    start.uc_link = nullptr;
    makecontext(&start, run_fiber, 0);
    fiber.place.has_jump = false;
  }
}

bool may_run(const Fiber& fiber) {
  return !fiber.is_done &&
         (fiber.waits_for == nullptr || fiber.waits_for->opened > fiber.waits_until);
}

void run_block(unsigned count) {
  Machine& all = machine();
  while (true) {
    bool has_run = false;
    bool is_done = true;
    for (const unsigned i : order_of(count)) {
      Fiber& fiber = *all.fibers[i];
      if (may_run(fiber)) {
        has_run = true;
        all.running = &fiber;
        threadIdx = fiber.thread;
        switch_to(all.scheduler, fiber.place, fiber.stack.get(), kStackBytes);
      }
      is_done = is_done && fiber.is_done;
    }
    if (is_done) return;
    if (!has_run) {
      std::fputs("cuda_on_host: threads of a block wait for each other for ever\n", stderr);
      std::abort();
    }
  }
}

}  // namespace

void set_thread_order(ThreadOrder order) {
  machine().order = order;
  machine().random.seed(1);
}

bool is_valid(const Launch& launch) {
  const unsigned threads = launch.block.size();
  return threads >= 1 && threads <= 1024 && launch.grid.size() >= 1 && launch.grid.y <= 65535 &&
         launch.grid.z <= 65535 && launch.shared_bytes <= kMaxSharedBytes;
}

void run_grid(const Launch& launch, const std::function<void()>& kernel) {
  machine().kernel = &kernel;
  for (const unsigned block : order_of(launch.grid.size())) {
    start_block(launch, block);
    run_block(launch.block.size());
  }
  machine().running = nullptr;
}

int lane() { return machine().running->index % 32; }

std::byte* dynamic_shared_memory() { return reinterpret_cast<std::byte*>(machine().shared.data()); }

void meet_block() { meet(machine().block); }

void meet_warp() { meet(warp_of(*machine().running).meeting); }

const std::byte* exchange_bytes(const void* value, std::size_t bytes) {
  Warp& warp = warp_of(*machine().running);
  auto& slots = warp.slots[warp.meeting.opened % 2];
  std::memcpy(slots.data() + static_cast<std::size_t>(lane()) * kExchangeBytes, value, bytes);
  meet_warp();
  return slots.data();
}

void require_alignment(const void* address) {
  if (reinterpret_cast<std::uintptr_t>(address) % 16 == 0) return;
  std::fputs("cuda_on_host: 16 bytes at an address that is no multiple of 16\n", stderr);
  std::abort();
}

void start_copy(void* to, const void* from, std::size_t bytes) {
  machine().running->started.push_back({to, from, bytes});
}

void commit_copies() {
  Fiber& self = *machine().running;
  self.groups.push_back(std::exchange(self.started, {}));
}

void wait_for_copies(int left) {
  auto& groups = machine().running->groups;
  for (; static_cast<int>(groups.size()) > left; groups.pop_front()) {
    for (const Copy& copy : groups.front()) std::memcpy(copy.to, copy.from, copy.bytes);
  }
}

}  // namespace cuda_on_host
