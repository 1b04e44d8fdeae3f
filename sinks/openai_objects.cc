#include "sinks/openai_objects.h"

#include <algorithm>

namespace sluice {
namespace {

using inference::TokenId;
using inference::TokenLogprob;

// JSON has no infinity; vLLM writes this number for it.
constexpr float kLeastLogprob = -9999.0F;

float shown(float logprob) noexcept { return logprob >= kLeastLogprob ? logprob : kLeastLogprob; }

AnswerJson chat_token(const std::string& bytes, float logprob) {
  AnswerJson list = AnswerJson::array();
  for (const char c : bytes) list.push_back(static_cast<unsigned char>(c));
  return {{"token", bytes}, {"logprob", shown(logprob)}, {"bytes", std::move(list)}};
}

AnswerJson chat_logprobs(const OpenAiAnswer& answer, const std::vector<TokenLogprob>& logprobs) {
  AnswerJson content = AnswerJson::array();
  for (const TokenLogprob& token : logprobs) {
    AnswerJson entry = chat_token(answer.vocabulary->at(token.id).bytes, token.logprob);
    AnswerJson top = AnswerJson::array();
    for (const auto& [id, logprob] : token.top) {
      top.push_back(chat_token(answer.vocabulary->at(id).bytes, logprob));
    }
    entry["top_logprobs"] = std::move(top);
    content.push_back(std::move(entry));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

AnswerJson text_logprobs(const OpenAiAnswer& answer, const std::vector<TokenLogprob>& logprobs) {
  AnswerJson tokens = AnswerJson::array();
  AnswerJson values = AnswerJson::array();
  AnswerJson tops = AnswerJson::array();
  AnswerJson offsets = AnswerJson::array();
  std::size_t offset = 0;
  for (const TokenLogprob& token : logprobs) {
    const std::string& bytes = answer.vocabulary->at(token.id).bytes;
    tokens.push_back(bytes);
    values.push_back(shown(token.logprob));
    AnswerJson top = AnswerJson::object();
    for (const auto& [id, logprob] : token.top) {
      top[answer.vocabulary->at(id).bytes] = shown(logprob);
    }
    tops.push_back(std::move(top));
    offsets.push_back(offset);
    offset += static_cast<std::size_t>(std::ranges::count_if(
        bytes, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

}  // namespace

std::string dumped(const AnswerJson& json) {
  return json.dump(-1, ' ', false, AnswerJson::error_handler_t::replace);
}

AnswerJson envelope(const OpenAiAnswer& answer, std::string_view object) {
  return {
      {"id", answer.id}, {"object", object}, {"created", answer.created}, {"model", answer.model}};
}

AnswerJson tool_calls_json(const OpenAiAnswer& answer, const TextWithCalls& split,
                           bool with_index) {
  const std::string unique = answer.id.substr(answer.id.find('-') + 1);
  AnswerJson list = AnswerJson::array();
  for (const CalledTool& call : split.calls) {
    AnswerJson entry = AnswerJson::object();
    if (with_index) entry["index"] = list.size();
    entry["id"] = "call_" + unique + "_" + std::to_string(list.size());
    entry["type"] = "function";
    entry["function"] = {{"name", call.name}, {"arguments", call.arguments}};
    list.push_back(std::move(entry));
  }
  return list;
}

AnswerJson logprobs_json(const OpenAiAnswer& answer, const inference::Completion& completion) {
  if (answer.vocabulary == nullptr || completion.logprobs.empty()) return nullptr;
  return answer.is_chat ? chat_logprobs(answer, completion.logprobs)
                        : text_logprobs(answer, completion.logprobs);
}

std::string_view finish_reason(const inference::Completion& completion, bool has_calls) noexcept {
  if (completion.reason == inference::FinishReason::length) return "length";
  return has_calls ? "tool_calls" : "stop";
}

AnswerJson usage_json(const inference::Completion& completion) {
  const auto tokens = static_cast<std::int64_t>(completion.tokens.size());
  return {{"prompt_tokens", completion.prompt_tokens},
          {"completion_tokens", tokens},
          {"total_tokens", completion.prompt_tokens + tokens},
          {"prompt_tokens_details", {{"cached_tokens", completion.cached_tokens}}}};
}

}  // namespace sluice
