#include "sinks/tool_calls.h"

#include "sinks/openai_fields.h"

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

constexpr std::string_view kBegin = "<tool_call>";
constexpr std::string_view kEnd = "</tool_call>";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) + 1 - first);
}

std::optional<CalledTool> call_from(std::string_view text) {
  const auto parsed = parse_request_object(text);
  if (!parsed) return std::nullopt;
  const RequestJson* const name = given(parsed.value(), "name");
  if (name == nullptr || !name->is_string()) return std::nullopt;
  CalledTool call{name->get<std::string>(), "{}"};
  const RequestJson* const arguments = given(parsed.value(), "arguments");
  if (arguments == nullptr) return call;
  if (arguments->is_object()) {
    call.arguments = arguments->dump(-1, ' ', false, RequestJson::error_handler_t::replace);
  } else if (arguments->is_string()) {  // Written as a text already.
    call.arguments = arguments->get<std::string>();
    if (!parse_request_object(call.arguments)) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return call;
}

}  // namespace

TextWithCalls split_tool_calls(std::string_view text) {
  TextWithCalls split;
  std::string outside;
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = text.find(kBegin, at);
    const std::size_t end =
        begin == std::string_view::npos ? begin : text.find(kEnd, begin + kBegin.size());
    if (end == std::string_view::npos) break;
    const std::size_t inside = begin + kBegin.size();
    if (auto call = call_from(text.substr(inside, end - inside))) {
      outside += text.substr(at, begin - at);
      split.calls.push_back(std::move(*call));
    } else {
      outside += text.substr(at, end + kEnd.size() - at);
    }
    at = end + kEnd.size();
  }
  outside += text.substr(at);
  split.content = split.calls.empty() ? outside : std::string(trimmed(outside));
  return split;
}

std::size_t size_before_tool_calls(std::string_view text) noexcept {
  const std::size_t begin = text.find(kBegin);
  std::size_t size = std::min(begin, text.size());
  if (begin == std::string_view::npos) {
    for (std::size_t held = std::min(kBegin.size() - 1, text.size()); held > 0; --held) {
      if (!kBegin.starts_with(text.substr(text.size() - held))) continue;
      size = text.size() - held;
      break;
    }
  }
  // White space before a call is left out with it.
  const std::size_t last = text.substr(0, size).find_last_not_of(kSpace);
  return last == std::string_view::npos ? 0 : last + 1;
}

}  // namespace sluice
