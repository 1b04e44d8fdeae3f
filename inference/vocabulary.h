#pragma once

#include "inference/token.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

/// What each token id stands for. Ids without an entry in the tokenizer (padding rows of the model)
/// are unused.
class Vocabulary {
 public:
  enum class Kind : std::uint8_t { unused, text, control };

  struct Entry {
    std::string bytes;  ///< What the id decodes to; a control token's is its own name.
    Kind kind = Kind::unused;
  };

  Vocabulary() = default;
  explicit Vocabulary(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  /// One more than the highest id.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const Entry& at(TokenId id) const noexcept {
    static const Entry unused;
    const auto index = static_cast<std::size_t>(id);
    return index < entries_.size() ? entries_[index] : unused;
  }

 private:
  std::vector<Entry> entries_;
};

}  // namespace sluice::inference
