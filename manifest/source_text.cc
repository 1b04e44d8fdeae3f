#include "manifest/source_text.h"

#include "base/utf8.h"

#include <algorithm>

namespace sluice {
namespace {

bool continues(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

SourceText::SourceText(const SourceText& outer, std::string text, std::size_t first_line,
                       std::size_t indent, std::size_t fallback_offset)
    : name_(outer.name_),
      text_(std::move(text)),
      order_(outer.order_),
      outer_(&outer),
      first_line_(first_line),
      indent_(indent),
      fallback_offset_(fallback_offset) {}

void SourceText::find_lines() const {
  if (!line_starts_.empty()) return;
  line_starts_.push_back(0);
  for (std::size_t i = text_.find('\n'); i != std::string::npos; i = text_.find('\n', i + 1)) {
    line_starts_.push_back(i + 1);
  }
}

std::size_t SourceText::line_start(std::size_t index) const {
  find_lines();
  return index < line_starts_.size() ? line_starts_[index] : text_.size();
}

std::size_t SourceText::line_of(std::size_t offset) const {
  find_lines();
  const auto next = std::ranges::upper_bound(line_starts_, offset);
  return static_cast<std::size_t>(next - line_starts_.begin()) - 1;
}

std::string_view SourceText::line(std::size_t index) const {
  const std::size_t start = line_start(index);
  std::string_view rest = std::string_view(text_).substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::size_t SourceText::offset_of(std::size_t line_index, std::size_t column) const {
  const std::size_t start = line_start(line_index);
  const std::string_view text = line(line_index);
  std::size_t bytes = 0;
  while (bytes < text.size() && (column > 0 || continues(text[bytes]))) {
    if (++bytes < text.size() && !continues(text[bytes])) --column;
  }
  return start + bytes;
}

Place SourceText::place(std::size_t offset) const {
  if (outer_ != nullptr && first_line_ == std::string::npos) {
    return outer_->place(fallback_offset_);
  }
  const std::size_t index = line_of(std::min(offset, text_.size()));
  const std::string_view text = line(index);
  const std::size_t bytes = std::min(offset - line_start(index), text.size());
  const std::size_t column = character_count(text.substr(0, bytes));
  if (outer_ == nullptr) {
    return {static_cast<int>(index + 1), static_cast<int>(column + 1), std::string(text)};
  }
  const std::size_t outer_line = first_line_ + index;
  return {static_cast<int>(outer_line + 1), static_cast<int>(indent_ + column + 1),
          std::string(outer_->line(outer_line))};
}

std::size_t character_count(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return !continues(c); }));
}

std::size_t invalid_utf8_at(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = first_char(text.substr(i)).size;
    if (size == 0) return i;
    i += size;
  }
  return std::string_view::npos;
}

}  // namespace sluice
