#include "base/core_pool.h"

#include "base/assert.h"

#include <algorithm>
#include <functional>
#include <random>
#include <string_view>

namespace sluice {
namespace {

thread_local Core* current_core = nullptr;

}  // namespace

// UNSAFE_IO: sockets are only touched from their own core's thread, so the reactor needs no locks;
// the scheduler keeps its own, because other cores post to it.
Core::Core(std::size_t index)
    : index_(index),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      deadlines_(io_),
      scratch_(std::make_unique<std::array<char, kScratchBytes + kScratchPadding>>()),
      random_state_((std::uint64_t{std::random_device()()} << 32) | std::random_device()()) {}

Core* Core::current() noexcept { return current_core; }

std::uint64_t Core::random() noexcept {
  // splitmix64 (Steele, Lea, Flood 2014): one addition and three mixes.
  std::uint64_t z = (random_state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

CurrentCore::CurrentCore(Core& core) noexcept : previous_(current_core) { current_core = &core; }

CurrentCore::~CurrentCore() { current_core = previous_; }

CorePool::CorePool(std::size_t cores) {
  SLUICE_ASSERT(cores > 0);
  for (std::size_t i = 0; i < cores; ++i) {
    cores_.push_back(std::make_unique<Core>(i));
    work_.emplace_back(cores_.back()->executor());
  }
  for (auto& core : cores_) {
    threads_.emplace_back([&core = *core] {
      const CurrentCore here(core);
      core.io().run();
    });
  }
}

std::size_t CorePool::available() noexcept {
  return std::max(1U, std::thread::hardware_concurrency());
}

CorePool::~CorePool() { stop(); }

Core& CorePool::core_for(std::string_view name) noexcept {
  return core(std::hash<std::string_view>()(name));
}

void CorePool::stop() {
  for (auto& core : cores_) {
    boost::asio::post(core->executor(), [&wheel = core->deadlines()] { wheel.stop(); });
  }
  for (auto& guard : work_) guard.reset();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace sluice
