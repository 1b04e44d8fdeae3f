#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A pattern of LIKE (CESQL 1.0, section 3.4.3), compiled: `%` is any number of characters, `_` is
/// one, `\%` and `\_` are those two themselves; everything else, a backslash before something else
/// included, is itself.
class LikePattern {
 public:
  /// `pattern` is UTF-8.
  explicit LikePattern(std::string_view pattern);

  /// Whether all of `text`, which is UTF-8, is as the pattern says. The first fit of each piece is
  /// the only one that is tried, so the time is bounded by the product of both lengths.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;

  /// What every matching text starts and ends with; both are empty where the pattern does not say.
  /// Where there is no wildcard at all, only the first is set, and `is_exact()`.
  [[nodiscard]] std::string_view prefix() const noexcept;
  [[nodiscard]] std::string_view suffix() const noexcept;
  [[nodiscard]] bool is_exact() const noexcept;

 private:
  /// What stands between two `%`.
  struct Piece {
    std::string bytes;
    std::string wild;  // As long; not 0 where any one character may stand.
    bool has_wild = false;

    void add(char byte, bool is_wild);
    [[nodiscard]] std::size_t size_at(std::string_view text) const noexcept;
    [[nodiscard]] bool cut_end(std::string_view& text) const noexcept;
    [[nodiscard]] bool cut_first(std::string_view& text) const noexcept;
  };

  std::vector<Piece> pieces_;  // One more than there are `%`.
};

}  // namespace sluice
