#include "inference/stop_matcher.h"

#include <utility>

namespace sluice::inference {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)), nodes_(1) {
  for (std::size_t i = 0; i < stops_.size(); ++i) {
    if (stops_[i].empty()) continue;
    std::uint32_t at = 0;
    for (const char byte : stops_[i]) {
      std::uint32_t next = child_of(at, byte);
      if (next == kNone) {
        next = static_cast<std::uint32_t>(nodes_.size());
        const Node parent = nodes_[at];
        nodes_.push_back({kNone, parent.child, 0, kNone, parent.depth + 1, byte});
        nodes_[at].child = next;
      }
      at = next;
    }
    if (nodes_[at].stop == kNone) nodes_[at].stop = static_cast<std::uint32_t>(i);
  }
  link();
}

/// Breadth first: a fallback is shorter, so it is linked before.
void StopMatcher::link() {
  std::vector<std::uint32_t> queue{0};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint32_t parent = queue[i];
    for (std::uint32_t at = nodes_[parent].child; at != kNone; at = nodes_[at].sibling) {
      Node& node = nodes_[at];
      if (parent != 0) node.fallback = next_of(nodes_[parent].fallback, node.byte);
      if (node.stop == kNone) node.stop = nodes_[node.fallback].stop;
      queue.push_back(at);
    }
  }
}

std::uint32_t StopMatcher::child_of(std::uint32_t node, char byte) const noexcept {
  std::uint32_t at = nodes_[node].child;
  while (at != kNone && nodes_[at].byte != byte) at = nodes_[at].sibling;
  return at;
}

std::uint32_t StopMatcher::next_of(std::uint32_t node, char byte) const noexcept {
  while (true) {
    if (const std::uint32_t next = child_of(node, byte); next != kNone) return next;
    if (node == 0) return 0;
    node = nodes_[node].fallback;
  }
}

bool StopMatcher::push(std::string_view bytes, std::string& out) {
  if (matched_) return true;
  for (const char byte : bytes) {
    held_.push_back(byte);
    state_ = next_of(state_, byte);
    const std::uint32_t stop = nodes_[state_].stop;
    if (stop == kNone) continue;
    matched_ = stop;
    out.append(held_, 0, held_.size() - stops_[stop].size());
    held_.clear();
    return true;
  }
  const std::size_t certain = held_.size() - nodes_[state_].depth;
  out.append(held_, 0, certain);
  held_.erase(0, certain);
  return false;
}

void StopMatcher::finish(std::string& out) {
  out += held_;
  held_.clear();
  state_ = 0;
}

}  // namespace sluice::inference
