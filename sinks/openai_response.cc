#include "sinks/openai_response.h"

#include "sinks/openai_objects.h"

#include <algorithm>

namespace sluice {
namespace {

using inference::Completion;

AnswerJson choice(std::string_view key, AnswerJson value) {
  return {{"index", 0}, {std::string(key), std::move(value)}};
}

std::string chat_object(const OpenAiAnswer& answer, const Completion& completion) {
  TextWithCalls split;
  if (answer.has_tools) {
    split = split_tool_calls(completion.text);
  } else {
    split.content = completion.text;
  }
  const bool has_calls = !split.calls.empty();
  AnswerJson turn = {{"role", "assistant"}};
  turn["content"] = has_calls && split.content.empty() ? AnswerJson() : AnswerJson(split.content);
  turn["refusal"] = nullptr;
  if (!completion.reasoning.empty()) turn["reasoning_content"] = completion.reasoning;
  if (has_calls) turn["tool_calls"] = tool_calls_json(answer, split, false);
  AnswerJson only = choice("message", std::move(turn));
  only["logprobs"] = logprobs_json(answer, completion);
  only["finish_reason"] = finish_reason(completion, has_calls);
  AnswerJson object = envelope(answer, "chat.completion");
  object["choices"] = AnswerJson::array({std::move(only)});
  object["usage"] = usage_json(completion);
  return dumped(object);
}

std::string text_object(const OpenAiAnswer& answer, const Completion& completion) {
  AnswerJson only = choice("text", completion.text);
  if (!completion.reasoning.empty()) only["reasoning_content"] = completion.reasoning;
  only["logprobs"] = logprobs_json(answer, completion);
  only["finish_reason"] = finish_reason(completion, false);
  AnswerJson object = envelope(answer, "text_completion");
  object["choices"] = AnswerJson::array({std::move(only)});
  object["usage"] = usage_json(completion);
  return dumped(object);
}

/// "messages[2].content" of "messages[2].content: want ..."; empty where it begins otherwise.
std::string_view field_of(std::string_view detail) noexcept {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[]";
  const std::size_t end = detail.find(": ");
  if (end == std::string_view::npos) return {};
  const std::string_view field = detail.substr(0, end);
  return field.find_first_not_of(kCharacters) == std::string_view::npos ? field
                                                                        : std::string_view();
}

std::string event(const AnswerJson& json) { return "data: " + dumped(json) + "\n\n"; }

/// One chunk object with one choice.
struct Piece {
  const OpenAiAnswer& answer;
  bool include_usage;

  [[nodiscard]] std::string with(AnswerJson delta, AnswerJson reason = nullptr,
                                 AnswerJson logprobs = nullptr) const {
    AnswerJson only = answer.is_chat ? choice("delta", std::move(delta)) : text_choice(delta);
    only["logprobs"] = std::move(logprobs);
    only["finish_reason"] = std::move(reason);
    AnswerJson object =
        envelope(answer, answer.is_chat ? "chat.completion.chunk" : "text_completion");
    object["choices"] = AnswerJson::array({std::move(only)});
    if (include_usage) object["usage"] = nullptr;
    return event(object);
  }

  [[nodiscard]] std::string text(std::string_view part) const {
    return with({{answer.is_chat ? "content" : "text", part}});
  }
  [[nodiscard]] std::string reasoning(std::string_view part) const {
    return with({{"reasoning_content", part}});
  }

 private:
  /// A text_completion's choice has its fields where a chat's has a delta; text is always there.
  static AnswerJson text_choice(const AnswerJson& fields) {
    AnswerJson only = choice("text", "");
    only.update(fields);
    return only;
  }
};

}  // namespace

std::string completion_object(const OpenAiAnswer& answer, const Completion& completion) {
  return answer.is_chat ? chat_object(answer, completion) : text_object(answer, completion);
}

std::string openai_error(int status, std::string_view detail, std::string_view code) {
  const std::string_view type = status == 429   ? "rate_limit_error"
                                : status >= 500 ? "server_error"
                                                : "invalid_request_error";
  if (code.empty() && status == 429) code = "rate_limit_exceeded";
  const std::string_view param = status == 400 ? field_of(detail) : std::string_view();
  const auto or_null = [](std::string_view text) {
    return text.empty() ? AnswerJson() : AnswerJson(text);
  };
  const AnswerJson error = {
      {"message", detail}, {"type", type}, {"param", or_null(param)}, {"code", or_null(code)}};
  return dumped({{"error", error}});
}

std::string OpenAiStream::begin() {
  if (has_begun_ || !answer_.is_chat) return {};
  has_begun_ = true;
  return Piece{answer_, include_usage_}.with({{"role", "assistant"}, {"content", ""}});
}

std::string OpenAiStream::put(const inference::CompletionChunk& chunk) {
  const Piece piece{answer_, include_usage_};
  std::string events = begin();
  if (!chunk.reasoning.empty()) {
    reasoning_given_ += chunk.reasoning.size();
    events += piece.reasoning(chunk.reasoning);
  }
  text_ += chunk.text;
  const bool looks_for_calls = answer_.is_chat && answer_.has_tools;
  const std::size_t sure = looks_for_calls ? size_before_tool_calls(text_) : text_.size();
  if (sure > text_given_) {
    events += piece.text(std::string_view(text_).substr(text_given_, sure - text_given_));
    text_given_ = sure;
  }
  return events;
}

std::string OpenAiStream::finish(const Completion& completion) {
  const Piece piece{answer_, include_usage_};
  std::string events = begin();
  if (completion.reasoning.size() > reasoning_given_) {
    events += piece.reasoning(std::string_view(completion.reasoning).substr(reasoning_given_));
  }
  TextWithCalls split;
  if (answer_.is_chat && answer_.has_tools) {
    split = split_tool_calls(completion.text);
  } else {
    split.content = completion.text;
  }
  // What was given is the beginning of the content, but for white space before it.
  const std::size_t skipped =
      split.calls.empty() ? 0 : std::min(text_given_, text_.find_first_not_of(" \t\r\n"));
  const std::size_t given = text_given_ - skipped;
  if (split.content.size() > given) events += piece.text(split.content.substr(given));
  if (!split.calls.empty()) {
    events += piece.with({{"tool_calls", tool_calls_json(answer_, split, true)}});
  }
  events += piece.with(AnswerJson::object(), finish_reason(completion, !split.calls.empty()),
                       logprobs_json(answer_, completion));
  if (include_usage_) {
    AnswerJson object =
        envelope(answer_, answer_.is_chat ? "chat.completion.chunk" : "text_completion");
    object["choices"] = AnswerJson::array();
    object["usage"] = usage_json(completion);
    events += event(object);
  }
  return events + "data: [DONE]\n\n";
}

std::string OpenAiStream::error(int status, std::string_view detail) {
  return "data: " + openai_error(status, detail) + "\n\n";
}

}  // namespace sluice
