#include "base/offset_tracker.h"

#include "base/assert.h"

#include <algorithm>

namespace sluice {

void OffsetTracker::hand_out(std::int64_t offset) {
  SLUICE_ASSERT(offset >= next_);
  entries_.push_back({offset, false});
  next_ = offset + 1;
  ++open_;
}

void OffsetTracker::settle(std::int64_t offset) {
  const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
  if (found == entries_.end() || found->offset != offset || found->is_settled) return;
  found->is_settled = true;
  --open_;
  while (!entries_.empty() && entries_.front().is_settled) entries_.pop_front();
}

std::int64_t OffsetTracker::position() const noexcept {
  return entries_.empty() ? next_ : entries_.front().offset;
}

}  // namespace sluice
