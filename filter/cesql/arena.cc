#include "filter/cesql/arena.h"

#include <algorithm>

namespace sluice {

void* CesqlArena::take_bytes(std::size_t size) noexcept {
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  size = (size + kAlign - 1) / kAlign * kAlign;
  if (size > kLimitBytes - total_) return nullptr;
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    try {
      const std::size_t doubled = blocks_.empty() ? kBlockBytes : blocks_.back().size * 2;
      const std::size_t bytes = std::max(size, std::min(doubled, kLimitBytes));
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(bytes), bytes});
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  void* const taken = blocks_[block_].bytes.get() + used_;
  used_ += size;
  total_ += size;
  return taken;
}

}  // namespace sluice
