#include "filter/cesql/like_pattern.h"

#include <cstring>

namespace sluice {
namespace {

constexpr std::size_t kNoMatch = std::string_view::npos;

bool continues_char(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// The end of the character that starts at `position`.
std::size_t char_end(std::string_view text, std::size_t position) noexcept {
  do ++position;
  while (position < text.size() && continues_char(text[position]));
  return position;
}

}  // namespace

void LikePattern::Piece::add(char byte, bool is_wild) {
  bytes += byte;
  wild += static_cast<char>(is_wild);
  has_wild = has_wild || is_wild;
}

LikePattern::LikePattern(std::string_view pattern) : pieces_(1) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '%') {
      pieces_.emplace_back();
    } else if (c == '\\' && (next == '%' || next == '_')) {
      pieces_.back().add(next, false);
      ++i;
    } else {
      pieces_.back().add(c, c == '_');
    }
  }
}

/// How many bytes of `text` the piece covers from its start; kNoMatch where it does not fit.
std::size_t LikePattern::Piece::size_at(std::string_view text) const noexcept {
  if (!has_wild) return text.starts_with(bytes) ? bytes.size() : kNoMatch;
  std::size_t position = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (position >= text.size()) return kNoMatch;
    if (wild[i] != 0) {
      position = char_end(text, position);
    } else if (text[position++] != bytes[i]) {
      return kNoMatch;
    }
  }
  return position;
}

/// Takes the piece off the end of `text`.
bool LikePattern::Piece::cut_end(std::string_view& text) const noexcept {
  std::size_t end = text.size();
  for (std::size_t i = bytes.size(); i > 0; --i) {
    if (end == 0) return false;
    --end;
    if (wild[i - 1] != 0) {
      while (end > 0 && continues_char(text[end])) --end;
    } else if (text[end] != bytes[i - 1]) {
      return false;
    }
  }
  text = text.substr(0, end);
  return true;
}

/// Takes everything up to the end of the piece's first fit off the start of `text`.
bool LikePattern::Piece::cut_first(std::string_view& text) const noexcept {
  if (bytes.empty()) return true;
  if (!has_wild) {
    if (text.empty()) return false;
    const void* const found = memmem(text.data(), text.size(), bytes.data(), bytes.size());
    if (found == nullptr) return false;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) +
                       bytes.size());
    return true;
  }
  for (std::size_t start = 0; start < text.size(); start = char_end(text, start)) {
    const std::size_t size = size_at(text.substr(start));
    if (size == kNoMatch) continue;
    text.remove_prefix(start + size);
    return true;
  }
  return false;
}

bool LikePattern::matches(std::string_view text) const noexcept {
  const std::size_t start = pieces_.front().size_at(text);
  if (start == kNoMatch) return false;
  if (pieces_.size() == 1) return start == text.size();
  text.remove_prefix(start);
  if (!pieces_.back().cut_end(text)) return false;
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    if (!pieces_[i].cut_first(text)) return false;
  }
  return true;
}

std::string_view LikePattern::prefix() const noexcept {
  const Piece& piece = pieces_.front();
  const std::size_t wild = piece.wild.find('\1');
  return std::string_view(piece.bytes).substr(0, wild);
}

std::string_view LikePattern::suffix() const noexcept {
  if (pieces_.size() == 1) return {};
  const Piece& piece = pieces_.back();
  const std::size_t wild = piece.wild.rfind('\1');
  return std::string_view(piece.bytes).substr(wild == std::string::npos ? 0 : wild + 1);
}

bool LikePattern::is_exact() const noexcept {
  return pieces_.size() == 1 && !pieces_.front().has_wild;
}

}  // namespace sluice
