#pragma once

#include "filter/filter.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice {

/// Finds the filters that an event passes without asking each one: filters are indexed by the
/// attributes they pin, and matches() runs on the candidates only. The answer is the same as asking
/// every filter. Not thread safe.
class FilterIndex {
 public:
  using Id = std::uint32_t;

  FilterIndex();
  ~FilterIndex();

  /// `filter` null matches every event. `id` must be free.
  void add(Id id, FilterPtr filter);
  void remove(Id id);

  /// The ids whose filters `event` passes, each once, in no particular order. `matched` is cleared
  /// first; its capacity is reused.
  void match(const Event& event, std::vector<Id>& matched) const;

 private:
  class Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace sluice
