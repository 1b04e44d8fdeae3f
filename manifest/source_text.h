#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Where something stands, for people: counted from 1, columns in characters.
struct Place {
  int line = 1;
  int column = 1;
  std::string line_text;
};

/// One text that manifests are read from, with the name it has in findings. Immovable: nodes and
/// findings point to it.
class SourceText {
 public:
  SourceText(std::string name, std::string text, std::size_t order)
      : name_(std::move(name)), text_(std::move(text)), order_(order) {}

  /// A text that stands inside a scalar of `outer`, e.g. a ConfigMap's channel-template-spec. Its
  /// first line is line `first_line` of `outer` (from 0), moved right by `indent` columns; with
  /// `first_line` npos every place in it is that of `fallback_offset`.
  SourceText(const SourceText& outer, std::string text, std::size_t first_line, std::size_t indent,
             std::size_t fallback_offset);

  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Files come in the order in which they were read.
  [[nodiscard]] std::size_t order() const noexcept { return order_; }

  [[nodiscard]] Place place(std::size_t offset) const;
  /// The offset of a line and column as libfyaml counts them: from 0, in characters.
  [[nodiscard]] std::size_t offset_of(std::size_t line, std::size_t column) const;
  /// Both count from 0; past the end: the empty line there.
  [[nodiscard]] std::size_t line_of(std::size_t offset) const;
  [[nodiscard]] std::string_view line(std::size_t index) const;
  [[nodiscard]] std::size_t line_start(std::size_t index) const;

 private:
  void find_lines() const;

  std::string name_;
  std::string text_;
  std::size_t order_ = 0;
  const SourceText* outer_ = nullptr;
  std::size_t first_line_ = 0;
  std::size_t indent_ = 0;
  std::size_t fallback_offset_ = 0;
  mutable std::vector<std::size_t> line_starts_;  // Found when first asked for.
};

/// The number of characters (code points) in UTF-8 text.
[[nodiscard]] std::size_t character_count(std::string_view utf8) noexcept;

/// The offset of the first byte that is not UTF-8; npos when all of it is.
[[nodiscard]] std::size_t invalid_utf8_at(std::string_view text) noexcept;

}  // namespace sluice
