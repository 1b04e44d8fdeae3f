#pragma once

#include "base/ring_queue.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice {

/// Ordered delivery: one item per partition key is under way, the others of its key wait here, in
/// order. Not thread safe.
template <typename Item>
class KeyQueues {
 public:
  /// True: `key` was free and is taken now. False: `item` was moved to the key's queue.
  bool claim(std::string_view key, Item& item) {
    const auto [it, is_new] = keys_.try_emplace(std::string(key));
    if (is_new) return true;
    it->second.waiting.push_back(std::move(item));
    if (!it->second.abandoned) ++waiting_;
    return false;
  }

  /// The item under way is done with. What comes next of its key is now under way; none: the key is
  /// free.
  std::optional<Item> release(std::string_view key) {
    const auto it = keys_.find(std::string(key));
    Queue& queue = it->second;
    if (queue.waiting.empty()) {
      keys_.erase(it);
      return std::nullopt;
    }
    if (!queue.abandoned) --waiting_;
    return queue.waiting.pop_front();
  }

  /// The item under way will not be done in time: what waits behind it counts no more.
  void abandon(std::string_view key) {
    Queue& queue = keys_.find(std::string(key))->second;
    if (queue.abandoned) return;
    queue.abandoned = true;
    waiting_ -= queue.waiting.size();
  }

  /// How many wait, less those of abandoned keys.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  struct Queue {
    RingQueue<Item> waiting;
    bool abandoned = false;
  };

  std::unordered_map<std::string, Queue> keys_;
  std::size_t waiting_ = 0;
};

}  // namespace sluice
