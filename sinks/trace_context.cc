#include "sinks/trace_context.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sluice {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t kSize = 55;
constexpr std::size_t kTraceIdAt = 3;
constexpr std::size_t kTraceIdSize = 32;
constexpr std::size_t kSpanIdAt = 36;
constexpr std::size_t kFlagsAt = 53;

bool is_hex(std::string_view text) noexcept {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

bool is_traceparent(std::string_view text) noexcept {
  return text.size() == kSize && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
         is_hex(text.substr(kTraceIdAt, kTraceIdSize)) && is_hex(text.substr(kSpanIdAt, 16)) &&
         is_hex(text.substr(kFlagsAt)) && !is_zero(text.substr(kTraceIdAt, kTraceIdSize)) &&
         !is_zero(text.substr(kSpanIdAt, 16));
}

void append_hex(std::uint64_t value, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 0xf];
}

std::uint64_t nonzero(Core& core) noexcept { return core.random() | 1; }

}  // namespace

void append_next_traceparent(const Event& event, Core& core, std::string& out) {
  auto parent = event.header("traceparent");
  if (!parent || !is_traceparent(*parent)) parent = event.attribute("traceparent");
  out += "00-";
  if (parent && is_traceparent(*parent)) {
    out += parent->substr(kTraceIdAt, kTraceIdSize);
    out += '-';
    append_hex(nonzero(core), out);
    out += '-';
    out += parent->substr(kFlagsAt);
    return;
  }
  append_hex(core.random(), out);
  append_hex(nonzero(core), out);
  out += '-';
  append_hex(nonzero(core), out);
  out += "-00";
}

}  // namespace sluice
