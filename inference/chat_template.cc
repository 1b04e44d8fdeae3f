// What the Jinja template does, branch for branch; tests hold it against renders by Jinja.
#include "inference/chat_template.h"

#include "inference/prompt_writer.h"
#include "inference/python_json.h"

#include <algorithm>
#include <array>

namespace sluice::inference {
namespace {

constexpr std::string_view kToolsHead =
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are "
    "provided with function signatures within <tools></tools> XML tags:\n<tools>";
constexpr std::string_view kToolsTail =
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments "
    "within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, "
    "\"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n";
constexpr std::string_view kEmptyThoughts = "<think>\n\n</think>\n\n";

constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};

std::string_view name_of(ChatRole role) { return kRoles[static_cast<std::size_t>(role)]; }

std::string_view without_leading_lines(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
  return text;
}

std::string_view without_trailing_lines(std::string_view text) {
  return text.substr(0, text.find_last_not_of('\n') + 1);
}

/// What an assistant said and thought.
struct Answer {
  std::string_view content;
  std::string_view thoughts;
};

Answer answer_of(const ChatMessage& message) {
  constexpr std::string_view kBegin = "<think>";
  constexpr std::string_view kEnd = "</think>";
  if (message.reasoning_content) return {message.content, *message.reasoning_content};
  const std::string_view all = message.content;
  const std::size_t first_end = all.find(kEnd);
  if (first_end == std::string_view::npos) return {all, {}};
  std::string_view thoughts = without_trailing_lines(all.substr(0, first_end));
  const std::size_t begin = thoughts.rfind(kBegin);
  if (begin != std::string_view::npos) thoughts.remove_prefix(begin + kBegin.size());
  return {without_leading_lines(all.substr(all.rfind(kEnd) + kEnd.size())),
          without_leading_lines(thoughts)};
}

/// The last thing a person asked: results of tools may be sent as a user's, and are not it.
std::size_t last_query(const std::vector<ChatMessage>& messages) {
  const auto is_query = [](const ChatMessage& message) {
    return message.role == ChatRole::user && !(message.content.starts_with("<tool_response>") &&
                                               message.content.ends_with("</tool_response>"));
  };
  const auto it = std::find_if(messages.rbegin(), messages.rend(), is_query);
  return it == messages.rend() ? messages.size() - 1
                               : static_cast<std::size_t>(messages.rend() - it) - 1;
}

Result<void> write_head(const ChatRequest& request, PromptWriter& out) {
  const ChatMessage& first = request.messages.front();
  const bool has_system = first.role == ChatRole::system;
  if (!has_system && request.tools.empty()) return {};
  out.own("<|im_start|>system\n");
  if (has_system) out.foreign(first.content);
  if (request.tools.empty()) {
    out.own("<|im_end|>\n");
    return {};
  }
  if (has_system) out.own("\n\n");
  out.own(kToolsHead);
  for (std::size_t i = 0; i < request.tools.size(); ++i) {
    const auto tool = to_python_json(request.tools[i]);
    if (!tool) {
      return fail(Errc::invalid_argument,
                  "tools[" + std::to_string(i) + "]: " + tool.error().detail);
    }
    out.own("\n");
    out.foreign(tool.value());
  }
  out.own(kToolsTail);
  return {};
}

void write_turn(const ChatMessage& message, PromptWriter& out) {
  out.own("<|im_start|>");
  out.own(name_of(message.role));
  out.own("\n");
  out.foreign(message.content);
  out.own("<|im_end|>\n");
}

void write_answer(const ChatMessage& message, bool keeps_thoughts, bool closes, PromptWriter& out) {
  const Answer answer = answer_of(message);
  out.own("<|im_start|>assistant\n");
  if (keeps_thoughts && (closes || !answer.thoughts.empty())) {
    out.own("<think>\n");
    out.foreign(without_leading_lines(without_trailing_lines(answer.thoughts)));
    out.own("\n</think>\n\n");
    out.foreign(without_leading_lines(answer.content));
  } else {
    out.foreign(answer.content);
  }
  bool is_first = true;
  for (const ToolCall& call : message.tool_calls) {
    if (!is_first || !answer.content.empty()) out.own("\n");
    is_first = false;
    out.own("<tool_call>\n{\"name\": \"");
    out.foreign(call.name);
    out.own("\", \"arguments\": ");
    out.foreign(call.arguments);
    out.own("}\n</tool_call>");
  }
  out.own("<|im_end|>\n");
}

/// Results that follow each other are one turn of the user.
void write_tool_result(const std::vector<ChatMessage>& messages, std::size_t i, PromptWriter& out) {
  const auto is_tool = [&](std::size_t at) { return messages[at].role == ChatRole::tool; };
  if (i == 0 || !is_tool(i - 1)) out.own("<|im_start|>user");
  out.own("\n<tool_response>\n");
  out.foreign(messages[i].content);
  out.own("\n</tool_response>");
  if (i + 1 == messages.size() || !is_tool(i + 1)) out.own("<|im_end|>\n");
}

void write_generation_prompt(ThinkingMode mode, bool enable_thinking, PromptWriter& out) {
  out.own("<|im_start|>assistant\n");
  if (mode == ThinkingMode::always) out.own("<think>\n");
  if (mode == ThinkingMode::closed || (mode == ThinkingMode::switchable && !enable_thinking)) {
    out.own(kEmptyThoughts);
  }
}

Result<PromptWriter> write(const ChatRequest& request, ThinkingMode mode, bool closes_last) {
  const std::vector<ChatMessage>& messages = request.messages;
  if (messages.empty()) return fail(Errc::invalid_argument, "a chat needs at least one message");
  PromptWriter out;
  INFERENCE_CHECK(write_head(request, out));
  const std::size_t query = last_query(messages);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool is_last = i + 1 == messages.size();
    switch (messages[i].role) {
      case ChatRole::system:
        if (i > 0) write_turn(messages[i], out);
        break;
      case ChatRole::user:
        write_turn(messages[i], out);
        break;
      case ChatRole::assistant:
        write_answer(messages[i], i > query, is_last && closes_last, out);
        break;
      case ChatRole::tool:
        write_tool_result(messages, i, out);
        break;
    }
  }
  if (request.add_generation_prompt) write_generation_prompt(mode, request.enable_thinking, out);
  return out;
}

}  // namespace

std::optional<ChatRole> chat_role_from(std::string_view name) noexcept {
  const auto* it = std::ranges::find(kRoles, name);
  if (it == kRoles.end()) return std::nullopt;
  return static_cast<ChatRole>(it - kRoles.begin());
}

Result<RenderedPrompt> ChatTemplate::render(const ChatRequest& request,
                                            const Tokenizer& tokenizer) const {
  INFERENCE_TRY(const PromptWriter out, write(request, thinking_, closes_last_));
  INFERENCE_TRY(auto tokens, out.tokens(tokenizer));
  return RenderedPrompt{std::move(tokens),
                        thinking_ == ThinkingMode::always && request.add_generation_prompt};
}

Result<std::string> ChatTemplate::render_text(const ChatRequest& request) const {
  INFERENCE_TRY(const PromptWriter out, write(request, thinking_, closes_last_));
  return out.text();
}

}  // namespace sluice::inference
