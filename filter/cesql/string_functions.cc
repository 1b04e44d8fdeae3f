// LENGTH, CONCAT, CONCAT_WS, LOWER, UPPER, TRIM, LEFT, RIGHT, SUBSTRING (CESQL 1.0, section 3.5.1).
// Lengths and positions count characters (code points), not bytes.

#include "base/utf8.h"
#include "filter/cesql/functions.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace sluice {
namespace {

using Call = CesqlCall;
using Value = CesqlValue;

bool continues_char(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

std::int64_t length_of(std::string_view text) noexcept {
  return std::ranges::count_if(text, [](char byte) { return !continues_char(byte); });
}

/// The byte where character number `count` (from 0) starts; the end where there are fewer.
std::size_t offset_of(std::string_view text, std::int64_t count) noexcept {
  std::size_t offset = 0;
  for (; count > 0 && offset < text.size(); --count) {
    do ++offset;
    while (offset < text.size() && continues_char(text[offset]));
  }
  return offset;
}

char* append(char* end, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(end, text.data(), text.size());
  return end + text.size();
}

/// The arguments from number `first` on, `between` each two.
Value join(Call& call, std::size_t first, std::string_view between) noexcept {
  std::size_t size = 0;
  for (std::size_t i = first; i < call.size(); ++i) {
    size += call.text(i).size() + (i > first ? between.size() : 0);
  }
  char* const room = call.take(size);
  if (room == nullptr) return Value::of(std::string_view());
  char* end = room;
  for (std::size_t i = first; i < call.size(); ++i) {
    if (i > first) end = append(end, between);
    end = append(end, call.text(i));
  }
  return Value::of(std::string_view(room, size));
}

Value length(Call& call) noexcept {
  return Value::of(static_cast<std::int32_t>(length_of(call.text(0))));
}

Value concat(Call& call) noexcept { return join(call, 0, {}); }

Value concat_ws(Call& call) noexcept { return join(call, 1, call.text(0)); }

using MapChar = utf8proc_int32_t (*)(utf8proc_int32_t);

/// Each character on its own, as Unicode's simple mappings have it.
Value mapped(Call& call, MapChar map) noexcept {
  std::string_view text = call.text(0);
  // Two bytes may become three, none becomes more than twice as long.
  char* const room = call.take(text.size() * 2);
  if (room == nullptr) return Value::of(std::string_view());
  char* end = room;
  while (!text.empty()) {
    const Utf8Char c = first_char(text);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    if (c.size == 0) {
      *end++ = text[0];
    } else {
      end += put_utf8(static_cast<char32_t>(map(static_cast<utf8proc_int32_t>(c.code))), end);
    }
    text.remove_prefix(size);
  }
  return Value::of(std::string_view(room, static_cast<std::size_t>(end - room)));
}

Value lower(Call& call) noexcept { return mapped(call, &utf8proc_tolower); }

Value upper(Call& call) noexcept { return mapped(call, &utf8proc_toupper); }

Value trim(Call& call) noexcept {
  std::string_view text = call.text(0);
  while (!text.empty()) {
    const Utf8Char c = first_char(text);
    if (c.size == 0 || !is_white_space(c.code)) break;
    text.remove_prefix(c.size);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && continues_char(text[start])) --start;
    const Utf8Char c = first_char(text.substr(start));
    if (c.size == 0 || !is_white_space(c.code)) break;
    text.remove_suffix(text.size() - start);
  }
  return Value::of(text);
}

Value left(Call& call) noexcept {
  const std::string_view text = call.text(0);
  if (call.number(1) < 0) {
    call.fail(CesqlErrorKind::function_evaluation, "LEFT wants a length of 0 or more");
    return Value::of(text);
  }
  return Value::of(text.substr(0, offset_of(text, call.number(1))));
}

Value right(Call& call) noexcept {
  const std::string_view text = call.text(0);
  if (call.number(1) < 0) {
    call.fail(CesqlErrorKind::function_evaluation, "RIGHT wants a length of 0 or more");
    return Value::of(text);
  }
  const std::int64_t skipped = length_of(text) - call.number(1);
  return Value::of(text.substr(offset_of(text, skipped)));
}

Value substring(Call& call) noexcept {
  const std::string_view text = call.text(0);
  const std::int64_t position = call.number(1);
  const std::int64_t size = length_of(text);
  const Value empty = Value::of(std::string_view());
  if (position > size || position < -size) {
    call.fail(CesqlErrorKind::function_evaluation, "SUBSTRING's position is outside of the String");
    return empty;
  }
  if (call.size() == 3 && call.number(2) < 0) {
    call.fail(CesqlErrorKind::function_evaluation, "SUBSTRING wants a length of 0 or more");
    return empty;
  }
  if (position == 0) return empty;
  const std::string_view rest =
      text.substr(offset_of(text, position > 0 ? position - 1 : size + position));
  return Value::of(call.size() == 3 ? rest.substr(0, offset_of(rest, call.number(2))) : rest);
}

}  // namespace

Result<void> add_string_functions(CesqlFunctions& functions) {
  constexpr CesqlType kText = CesqlType::string;
  constexpr CesqlType kNumber = CesqlType::integer;
  const std::array<CesqlFunction, 10> all = {{
      {"LENGTH", {kText}, {}, kNumber, length},
      {"CONCAT", {}, kText, kText, concat},
      {"CONCAT_WS", {kText}, kText, kText, concat_ws},
      {"LOWER", {kText}, {}, kText, lower},
      {"UPPER", {kText}, {}, kText, upper},
      {"TRIM", {kText}, {}, kText, trim},
      {"LEFT", {kText, kNumber}, {}, kText, left},
      {"RIGHT", {kText, kNumber}, {}, kText, right},
      {"SUBSTRING", {kText, kNumber}, {}, kText, substring},
      {"SUBSTRING", {kText, kNumber, kNumber}, {}, kText, substring},
  }};
  for (const CesqlFunction& function : all) {
    SLUICE_TRY(functions.add(function));
  }
  return boost::outcome_v2::success();
}

}  // namespace sluice
