#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

namespace sluice {

/// Memory for the strings that one evaluation makes. Blocks are kept from one evaluation to the
/// next, so that a warm arena allocates nothing.
class CesqlArena {
 public:
  /// What one evaluation may use.
  static constexpr std::size_t kLimitBytes = std::size_t{1} << 20;

  [[nodiscard]] static CesqlArena& of_thread() noexcept {
    thread_local CesqlArena arena;
    return arena;
  }

  /// Forgets what was handed out.
  void reset() noexcept {
    block_ = 0;
    used_ = 0;
    total_ = 0;
  }

  /// Room for `count` of T, not initialised; null beyond the limit and where memory is out.
  template <typename T>
  [[nodiscard]] T* take(std::size_t count) noexcept {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count > kLimitBytes / sizeof(T)) return nullptr;
    return static_cast<T*>(take_bytes(count * sizeof(T)));
  }

 private:
  static constexpr std::size_t kBlockBytes = 4096;

  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };

  CesqlArena() = default;
  [[nodiscard]] void* take_bytes(std::size_t size) noexcept;

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // The one in use; all before it are full.
  std::size_t used_ = 0;   // Of that one.
  std::size_t total_ = 0;
};

}  // namespace sluice
