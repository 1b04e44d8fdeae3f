#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A call of a tool as the model wrote it.
struct CalledTool {
  std::string name;
  std::string arguments;  ///< JSON.
};

struct TextWithCalls {
  std::string content;  ///< What stands outside of the calls, without white space around it.
  std::vector<CalledTool> calls;
};

/// Takes the calls out of a completion's text: `<tool_call>\n{"name": ..., "arguments": ...}\n
/// </tool_call>`, as Qwen3's chat template teaches it. What is no whole call stays in the content;
/// a text without any comes back as it is.
[[nodiscard]] TextWithCalls split_tool_calls(std::string_view text);

/// How much of a text that is still growing is certainly no part of a call: up to the first mark,
/// or to what may become one.
[[nodiscard]] std::size_t size_before_tool_calls(std::string_view text) noexcept;

}  // namespace sluice
