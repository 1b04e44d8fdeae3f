// Any texts in a chat: what a template renders has exactly the control tokens of its own marks, and
// decodes to the text that it renders. The first byte chooses template and settings; then come
// turns, each with RS (0x1E) in front, a letter for what it is, and its texts with US (0x1F)
// between. And any bytes as a template and as the file that holds one: no crash.

#include "inference/chat_template.h"
#include "inference/python_json.h"
#include "inference/utf8.h"
#include "tests/fuzz/byte_tokenizer.h"
#include "tests/fuzz/inference_properties.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <string>

namespace sluice::inference {
namespace {

const Tokenizer& tokenizer() {
  static const auto made = Tokenizer::from(fuzz::byte_tokenizer_file());
  return made.value();
}

void add_turn(std::string_view turn, ChatRequest& request) {
  if (turn.empty()) return;
  const auto [content, more] = fuzz::cut(turn.substr(1), '\x1F');
  if (turn[0] == 'j') {
    request.tools.emplace_back(content);
    return;
  }
  ChatMessage message;
  message.content = content;
  message.role = turn[0] == 's'   ? ChatRole::system
                 : turn[0] == 'a' ? ChatRole::assistant
                 : turn[0] == 't' ? ChatRole::tool
                                  : ChatRole::user;
  if (message.role == ChatRole::assistant && !more.empty()) {
    const auto [thoughts, call] = fuzz::cut(more, '\x1F');
    if (!thoughts.empty()) message.reasoning_content = thoughts;
    const auto [name, arguments] = fuzz::cut(call, '\x1F');
    if (!call.empty()) message.tool_calls.push_back({std::string(name), std::string(arguments)});
  }
  request.messages.push_back(std::move(message));
}

/// How often each mark may stand in the prompt: what the requests' texts are plays no part.
void check_marks(const ChatRequest& request, std::map<std::string, int> count) {
  const auto of = [&](ChatRole role) {
    return static_cast<int>(std::ranges::count(request.messages, role, &ChatMessage::role));
  };
  int turns = 0;
  int calls = request.tools.empty() ? 0 : 2;  // The head explains how to make one.
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    const bool is_tool = request.messages[i].role == ChatRole::tool;
    const bool goes_on = is_tool && i > 0 && request.messages[i - 1].role == ChatRole::tool;
    turns += goes_on ? 0 : 1;
    calls += static_cast<int>(request.messages[i].tool_calls.size());
  }
  if (!request.tools.empty() && request.messages[0].role != ChatRole::system) ++turns;
  INFERENCE_ASSERT(count["<|endoftext|>"] == 0);
  INFERENCE_ASSERT(count["<|im_end|>"] == turns);
  INFERENCE_ASSERT(count["<|im_start|>"] == turns + (request.add_generation_prompt ? 1 : 0));
  INFERENCE_ASSERT(count["<tool_call>"] == calls && count["</tool_call>"] == calls);
  INFERENCE_ASSERT(count["<tool_response>"] == of(ChatRole::tool));
  INFERENCE_ASSERT(count["</tool_response>"] == of(ChatRole::tool));
  INFERENCE_ASSERT(count["<think>"] <= of(ChatRole::assistant) + 1);
  INFERENCE_ASSERT(count["</think>"] <= count["<think>"]);
}

void check_request(const ChatRequest& request, const ChatTemplate& chat) {
  const auto rendered = chat.render(request, tokenizer());
  const auto text = chat.render_text(request);
  INFERENCE_ASSERT(rendered.has_value() == text.has_value());
  if (!rendered) {
    fuzz::check_refused(rendered.error());
    return;
  }
  std::map<std::string, int> count;
  for (const TokenId id : rendered.value().tokens) {
    const auto& entry = tokenizer().vocabulary().at(id);
    if (entry.kind == Vocabulary::Kind::control) ++count[entry.bytes];
  }
  check_marks(request, std::move(count));
  INFERENCE_ASSERT(tokenizer().decode(rendered.value().tokens) == to_valid_utf8(text.value()));
}

/// Tools are shown to the model as Python writes them, which has to be the same JSON.
void check_tool(const std::string& tool) {
  const auto python = to_python_json(tool);
  if (!python) return;
  const auto given = nlohmann::json::parse(tool, nullptr, false);
  const auto written = nlohmann::json::parse(python.value(), nullptr, false);
  INFERENCE_ASSERT(given == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  static_cast<void>(ChatTemplate::recognise(rest));
  static_cast<void>(ChatTemplate::recognise_config(rest));
  if (rest.empty()) return 0;
  constexpr std::string_view kNames[] = {"qwen3", "qwen3-instruct-2507", "qwen3-thinking-2507",
                                         "qwen3-nonthinking"};
  const auto flags = static_cast<unsigned char>(rest[0]);
  ChatRequest request;
  request.enable_thinking = (flags & 4) != 0;
  request.add_generation_prompt = (flags & 8) != 0;
  for (rest = fuzz::cut(rest, '\x1E').second; !rest.empty();) {
    const auto [turn, after] = fuzz::cut(rest, '\x1E');
    add_turn(turn, request);
    rest = after;
  }
  for (const std::string& tool : request.tools) check_tool(tool);
  check_request(request, ChatTemplate::named(kNames[flags & 3]).value());
  return 0;
}

}  // namespace sluice::inference
