#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// Watches a stream of bytes for stop texts and lets through what is certain to be before the first
/// of them: nothing of a stop text is ever given out, and nothing is held back that cannot be the
/// beginning of one. The first to be complete counts, the longest of those that end together.
/// Takes O(1) for each byte. Of one text, used by one thread.
class StopMatcher {
 public:
  /// Empty stop texts are ignored. Memory: some 20 bytes for each byte of them.
  explicit StopMatcher(std::vector<std::string> stops);

  /// Takes the next bytes and appends to `out` what is certain. Once a stop text is found nothing
  /// more is given out. Returns whether one is found.
  bool push(std::string_view bytes, std::string& out);

  /// The bytes end here: appends what was held back, unless a stop text was found.
  void finish(std::string& out);

  /// Which of the stop texts was found, as counted in the constructor's list.
  [[nodiscard]] std::optional<std::size_t> matched() const noexcept { return matched_; }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// A prefix of a stop text (Aho and Corasick 1975). Node 0 is the empty one.
  struct Node {
    std::uint32_t child = kNone;    // The first of its continuations.
    std::uint32_t sibling = kNone;  // The next continuation of its parent.
    std::uint32_t fallback = 0;     // Its longest proper suffix that is a prefix as well.
    std::uint32_t stop = kNone;     // The longest stop text it ends with.
    std::uint32_t depth = 0;        // Bytes.
    char byte = 0;
  };

  [[nodiscard]] std::uint32_t child_of(std::uint32_t node, char byte) const noexcept;
  [[nodiscard]] std::uint32_t next_of(std::uint32_t node, char byte) const noexcept;
  void link();

  std::vector<std::string> stops_;
  std::vector<Node> nodes_;
  std::uint32_t state_ = 0;
  std::string held_;  // Its last bytes are those of state_.
  std::optional<std::size_t> matched_;
};

}  // namespace sluice::inference
