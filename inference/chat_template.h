#pragma once

#include "inference/result.h"
#include "inference/token.h"
#include "inference/tokenizer.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

struct ToolCall {
  std::string name;
  std::string arguments;  ///< JSON, pasted as it is; an object: to_python_json() of it.
};

enum class ChatRole { system, user, assistant, tool };

/// "system", "user", "assistant", "tool"; nothing for another word.
[[nodiscard]] std::optional<ChatRole> chat_role_from(std::string_view name) noexcept;

/// One turn. Texts may hold anything: no control token comes of them.
struct ChatMessage {
  ChatRole role = ChatRole::user;
  std::string content;  ///< Empty where a client sends null.
  /// Of an assistant; absent: what `content` has between <think> and </think>.
  std::optional<std::string> reasoning_content;
  std::vector<ToolCall> tool_calls;  ///< Of an assistant.
};

struct ChatRequest {
  std::vector<ChatMessage> messages;  ///< At least one.
  std::vector<std::string> tools;     ///< JSON of each, as OpenAI's API has it.
  bool enable_thinking = true;        ///< Where the template has the choice.
  bool add_generation_prompt = true;  ///< Ends with the beginning of an assistant's turn.
};

struct RenderedPrompt {
  std::vector<TokenId> tokens;
  bool starts_thinking = false;  ///< The prompt ends inside a think block.
};

/// How a model's template begins the assistant's turn.
enum class ThinkingMode {
  switchable,  ///< The model opens a think block or not; enable_thinking false: an empty one.
  never,       ///< Nothing is said of thinking (Qwen3 2507 Instruct).
  always,      ///< A think block is opened (Qwen3 2507 Thinking).
  closed,      ///< Always an empty think block (the template of Qwen3's documentation).
};

/// Qwen3's chat template, written out by hand: Jinja is not interpreted, the templates that Qwen3
/// models were released with are recognised instead. Its own marks become control tokens; what
/// stands in the request never does. Immutable.
class ChatTemplate {
 public:
  /// "qwen3", "qwen3-instruct-2507", "qwen3-thinking-2507", "qwen3-nonthinking".
  /// Errors: not_found, with the names there are.
  [[nodiscard]] static Result<ChatTemplate> named(std::string_view name);

  /// From the template's Jinja text; white space between its statements and comments do not matter.
  /// Errors: invalid_argument, where it is none of Qwen3's.
  [[nodiscard]] static Result<ChatTemplate> recognise(std::string_view jinja);

  /// From chat_template in the text of a tokenizer_config.json.
  /// Errors: not_found, invalid_argument.
  [[nodiscard]] static Result<ChatTemplate> recognise_config(std::string_view tokenizer_config);

  /// From DIR/chat_template.jinja, else from chat_template in DIR/tokenizer_config.json.
  /// Errors: not_found, unavailable, invalid_argument. The fix is to name one in the configuration.
  [[nodiscard]] static Result<ChatTemplate> load(const std::filesystem::path& dir);

  [[nodiscard]] ThinkingMode thinking() const noexcept { return thinking_; }

  /// The prompt's tokens. Errors: invalid_argument (no messages, tools that are no JSON, a
  /// tokenizer without <|im_start|> and <|im_end|>).
  [[nodiscard]] Result<RenderedPrompt> render(const ChatRequest& request,
                                              const Tokenizer& tokenizer) const;

  /// The same as text, in which marks and the request's own text cannot be told apart: for people
  /// and tests, not for encoding.
  [[nodiscard]] Result<std::string> render_text(const ChatRequest& request) const;

 private:
  ChatTemplate(ThinkingMode thinking, bool closes_last) noexcept
      : thinking_(thinking), closes_last_(closes_last) {}

  ThinkingMode thinking_;
  bool closes_last_;  // A last turn of the assistant without thoughts gets an empty think block.
};

}  // namespace sluice::inference
