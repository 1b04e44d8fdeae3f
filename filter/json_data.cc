// Not simdjson's On-Demand front end, for two reasons: it needs spare bytes behind the text, so
// that data would be copied for it, and it can be walked through once, so that a thousand filters
// would begin a thousand times. Its first stage, which finds the tokens at gigabytes per second,
// needs neither, and what it finds serves all filters that are asked about the event.

#include "filter/json_data.h"

#include "event/json_scanner.h"
#include "event/json_text.h"
#include "event/media_type.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <limits>

namespace sluice {
namespace {

using Tokens = simdjson::internal::dom_parser_implementation;

/// Room for data of up to this many bytes is kept for the next event.
constexpr std::size_t kKeptCapacity = 256 * 1024;
constexpr std::size_t kFirstCapacity = 16 * 1024;

/// Whether room for `capacity` does for `size`, and is not so much that it should be given back.
bool fits(std::size_t capacity, std::size_t size) noexcept {
  return capacity >= size && (size > kKeptCapacity || capacity <= kKeptCapacity);
}

std::size_t capacity_for(std::size_t size) noexcept {
  std::size_t capacity = kFirstCapacity;
  while (capacity < size) capacity *= 2;
  return capacity;
}

/// This thread's token finder, with room for `size` bytes; null when memory is short.
Tokens* tokens_for(std::size_t size) noexcept {
  thread_local std::unique_ptr<Tokens> tokens;
  if (tokens && fits(tokens->capacity(), size)) return tokens.get();
  tokens.reset();
  const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
      capacity_for(size), JsonScanner::kMaxDepth, tokens);
  return error == simdjson::SUCCESS ? tokens.get() : nullptr;
}

/// `size` bytes of this thread, to undo escapes in.
char* room_for(std::size_t size) noexcept {
  thread_local std::unique_ptr<char[]> room;
  thread_local std::size_t capacity = 0;
  if (!fits(capacity, size)) {
    capacity = capacity_for(size);
    room = std::make_unique_for_overwrite<char[]>(capacity);
  }
  return room.get();
}

bool may_be_json(const Event& event) noexcept {
  if (event.data_kind() == DataKind::json) return true;  // Checked when it came.
  if (event.data_kind() != DataKind::bytes) return false;
  const auto type = event.attribute("datacontenttype");
  return type && is_json_media_type(*type) && JsonScanner::is_json(event.data());
}

}  // namespace

const JsonData& JsonData::of(const Event& event) noexcept {
  thread_local JsonData data;
  if (data.serial_ != event.serial()) data.read(event);
  return data;
}

void JsonData::read(const Event& event) noexcept {
  serial_ = event.serial();
  token_count_ = 0;
  if (!may_be_json(event) || !index(event.data()) || !find_ends()) token_count_ = 0;
}

bool JsonData::index(std::string_view text) noexcept {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) return false;
  Tokens* const tokens = tokens_for(text.size());
  if (tokens == nullptr) return false;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto error = tokens->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return false;
  text_ = text;
  tokens_ = tokens->structural_indexes.get();
  token_count_ = tokens->n_structural_indexes;
  has_escapes_ = std::memchr(text.data(), '\\', text.size()) != nullptr;
  return true;
}

bool JsonData::find_ends() noexcept {
  if (!fits(behind_capacity_, token_count_)) {
    behind_capacity_ = capacity_for(token_count_);
    behind_ = std::make_unique_for_overwrite<std::uint32_t[]>(behind_capacity_);
  }
  std::array<Value, JsonScanner::kMaxDepth> open;
  std::size_t depth = 0;
  for (Value token = 0; token < token_count_; ++token) {
    const char c = text_[tokens_[token]];
    if (c == '{' || c == '[') {
      if (depth == open.size()) return false;
      open[depth++] = token;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return false;
      behind_[open[--depth]] = token + 1;
    }
  }
  return depth == 0;
}

std::string_view JsonData::raw(Value value) const noexcept {
  const char* const start = text_.data() + tokens_[value];
  const Value next = behind(value);  // Behind the last token stands the end of the text.
  const char* end =
      next < token_count_ ? text_.data() + tokens_[next] : text_.data() + text_.size();
  while (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t') --end;
  return {start, static_cast<std::size_t>(end - start)};
}

std::optional<std::string_view> JsonData::string(Value value) const noexcept {
  std::string_view text = raw(value);
  text = text.substr(1, text.size() - 2);
  if (!has_escapes_ || text.find('\\') == std::string_view::npos) return text;
  const auto unescaped = unescape_json(text, room_for(text.size()));
  if (!unescaped) return std::nullopt;
  return unescaped.value();
}

bool JsonData::is_called(Value name, std::string_view wanted) const noexcept {
  const std::string_view quoted = raw(name);
  if (has_escapes_ && quoted.find('\\') != std::string_view::npos) return string(name) == wanted;
  return quoted.size() == wanted.size() + 2 && quoted.substr(1, wanted.size()) == wanted;
}

std::optional<JsonData::Value> JsonData::member(Value object,
                                                std::string_view name) const noexcept {
  std::optional<Value> found;
  each_member(object, [&](Value key, Value value) {
    if (is_called(key, name)) found = value;
  });
  return found;
}

std::optional<JsonData::Value> JsonData::element(Value array, std::uint32_t index) const noexcept {
  std::optional<Value> found;
  any_element(array, [&](Value value) {
    if (index == 0) found = value;
    if (index > 0) --index;
    return found.has_value();
  });
  return found;
}

}  // namespace sluice
