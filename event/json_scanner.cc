// Why not simdjson's own two front ends: its DOM converts every number and so refuses valid data
// (1e400, integers of 20 digits), and On-Demand does not check what it skips, which for us is the
// data. So its first stage is used, which finds the tokens and checks UTF-8 at gigabytes per
// second, and the grammar is checked here, token by token.

#include "event/json_scanner.h"

#include "base/utf8.h"
#include "event/json_text.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <string>

namespace sluice {
namespace {

constexpr std::string_view kSpace = " \t\n\r";

/// A token index of up to this many bytes of document (4 bytes a byte) is kept for the next one.
constexpr std::size_t kKeptCapacity = 256 * 1024;
constexpr std::size_t kFirstCapacity = 16 * 1024;

using Tokens = simdjson::internal::dom_parser_implementation;

/// This thread's token finder, with room for `size` bytes; null when memory is short.
Tokens* tokens_for(std::size_t size) {
  thread_local std::unique_ptr<Tokens> tokens;
  const bool fits = tokens && tokens->capacity() >= size &&
                    (size > kKeptCapacity || tokens->capacity() <= kKeptCapacity);
  if (fits) return tokens.get();
  std::size_t capacity = kFirstCapacity;
  while (capacity < size) capacity *= 2;
  tokens.reset();
  const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
      capacity, JsonScanner::kMaxDepth, tokens);
  return error == simdjson::SUCCESS ? tokens.get() : nullptr;
}

/// Where a document that simdjson refuses as a whole is broken, for the error's detail.
std::size_t first_bad_byte(std::string_view text) noexcept {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Char c = first_char(text.substr(i));
    if (c.size == 0 || (in_string && c.code < 0x20)) return i;
    if (in_string && c.code == '\\') ++i;
    if (c.code == '"') in_string = !in_string;
    i += c.size;
  }
  return text.size();
}

}  // namespace

char JsonScanner::at(std::size_t token) const noexcept {
  return token < token_count_ ? text_[tokens_[token]] : '\0';
}

std::string_view JsonScanner::slice(std::size_t token) const noexcept {
  const char* const start = text_.data() + tokens_[token];
  const char* end = text_.data() + tokens_[token + 1];
  while (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t') --end;
  return {start, static_cast<std::size_t>(end - start)};
}

/// From the start of `token` to the end of the value behind which the scanner stands.
std::string_view JsonScanner::slice_from(std::size_t token) const noexcept {
  const std::string_view last = slice(token_ - 1);
  const char* const begin = text_.data() + tokens_[token];
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

Error JsonScanner::malformed(std::string_view want) {
  return malformed_at(token_ < token_count_ ? tokens_[token_] : text_.size(), want);
}

Error JsonScanner::malformed_at(std::size_t byte, std::string_view want) {
  bad_byte_ = byte;
  return fail(Errc::invalid_argument,
              "malformed JSON at byte " + std::to_string(byte) + ": " + std::string(want));
}

Result<void> JsonScanner::index(std::string_view text) {
  text_ = text;
  token_ = 0;
  token_count_ = 0;
  if (text.find_first_not_of(kSpace) == std::string_view::npos) {
    return malformed("the text is empty");
  }
  Tokens* const tokens = tokens_for(text.size());
  if (tokens == nullptr) return fail(Errc::resource_exhausted, "no memory to read the JSON");
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto error = tokens->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    const char* const why = error == simdjson::UTF8_ERROR        ? "not UTF-8"
                            : error == simdjson::UNCLOSED_STRING ? "a string is not closed"
                            : error == simdjson::UNESCAPED_CHARS
                                ? "a control character stands unescaped in a string"
                                : simdjson::error_message(error);
    return malformed_at(first_bad_byte(text), why);
  }
  tokens_ = tokens->structural_indexes.get();
  token_count_ = tokens->n_structural_indexes;
  has_escapes_ = std::memchr(text.data(), '\\', text.size()) != nullptr;
  return boost::outcome_v2::success();
}

Result<void> JsonScanner::open_object(std::string_view text) {
  SLUICE_TRY(index(text));
  if (at(0) != '{') return malformed("want an object");
  return boost::outcome_v2::success();
}

Result<bool> JsonScanner::next(JsonMember& member) {
  const bool first = token_ == 0;
  if (first) ++token_;  // The opening brace.
  if (at(token_) == '}') {
    ++token_;
    if (token_ != token_count_) return malformed("text behind the end of the object");
    return false;
  }
  if (!first) {
    if (at(token_) != ',') return malformed("want ',' or '}'");
    ++token_;
  }
  if (!is_string(token_)) return malformed("want a member name");
  const std::string_view name = slice(token_);
  member.name = name.substr(1, name.size() - 2);
  ++token_;
  if (at(token_) != ':') return malformed("want ':'");
  const std::size_t start = ++token_;
  if (const auto fault = skip_value(); !fault.empty()) return malformed(fault);
  member.value = slice_from(start);
  return true;
}

Result<void> JsonScanner::open_array(std::string_view text) {
  SLUICE_TRY(index(text));
  if (at(0) != '[') return malformed("want an array");
  return boost::outcome_v2::success();
}

Result<bool> JsonScanner::next_element(std::string_view& element) {
  const bool first = token_ == 0;
  if (first) ++token_;  // The opening bracket.
  if (at(token_) == ']') {
    ++token_;
    if (token_ != token_count_) return malformed("text behind the end of the array");
    return false;
  }
  if (!first) {
    if (at(token_) != ',') return malformed("want ',' or ']'");
    ++token_;
  }
  const std::size_t start = token_;
  if (const auto fault = skip_value(kMaxDepth); !fault.empty()) return malformed(fault);
  element = slice_from(start);
  return true;
}

bool JsonScanner::is_string(std::size_t token) const noexcept {
  if (at(token) != '"') return false;
  const std::string_view text = slice(token);
  if (text.size() < 2 || text.back() != '"') return false;
  return !has_escapes_ || are_json_escapes_valid(text.substr(1, text.size() - 2));
}

bool JsonScanner::is_scalar(std::size_t token) const noexcept {
  switch (at(token)) {
    case '"':
      return is_string(token);
    case 't':
      return slice(token) == "true";
    case 'f':
      return slice(token) == "false";
    case 'n':
      return slice(token) == "null";
    case '\0':
      return false;  // The end of the tokens.
    default:
      return is_json_number(slice(token));
  }
}

/// A member's name and its colon. On failure the next token is the one to blame.
bool JsonScanner::skip_name() noexcept {
  if (!is_string(token_)) return false;
  ++token_;
  if (at(token_) != ':') return false;
  ++token_;
  return true;
}

std::string_view JsonScanner::skip_value(int most_depth) {
  constexpr std::string_view kWantValue = "want a value";
  constexpr std::string_view kWantName = "want a member name and ':'";
  // One bit per open container, the innermost lowest: 1 for an object. The object that next() walks
  // through is a level of its own.
  std::uint64_t objects = 0;
  int depth = 0;
  while (true) {
    const char c = at(token_);
    if (c == '{' || c == '[') {
      if (++depth > most_depth) return "nested deeper than 64 levels";
      objects = objects << 1 | (c == '{' ? 1U : 0U);
      ++token_;
      const bool is_empty = at(token_) == (c == '{' ? '}' : ']');
      if (!is_empty) {
        if (c == '{' && !skip_name()) return kWantName;
        continue;
      }
    } else if (is_scalar(token_)) {
      ++token_;
    } else {
      return kWantValue;
    }
    while (depth > 0 && at(token_) == ((objects & 1) != 0 ? '}' : ']')) {
      ++token_;
      --depth;
      objects >>= 1;
    }
    if (depth == 0) return {};
    if (at(token_) != ',') return "want ',' or the closing bracket";
    ++token_;
    if ((objects & 1) != 0 && !skip_name()) return kWantName;
  }
}

bool JsonScanner::is_json(std::string_view text) {
  JsonScanner scanner;
  return scanner.index(text) && scanner.skip_value().empty() &&
         scanner.token_ == scanner.token_count_;
}

Result<void> JsonScanner::check(std::string_view text) {
  JsonScanner scanner;
  SLUICE_TRY(scanner.index(text));
  if (const auto fault = scanner.skip_value(); !fault.empty()) return scanner.malformed(fault);
  if (scanner.token_ != scanner.token_count_) return scanner.malformed("text behind the value");
  return boost::outcome_v2::success();
}

}  // namespace sluice
