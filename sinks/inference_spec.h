#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The type of a completion, as an event.
inline constexpr std::string_view kCompletionType = "dev.sluice.inference.completion";

/// One InferenceService as the manifests describe it. What is 0 or empty, the engine decides.
struct InferenceServiceSpec {
  std::string ns = "default";
  std::string name;
  std::string model_name;      ///< --served-model-name; the resource's name where it is not given.
  std::string model_dir;       ///< A Hugging Face checkpoint; absolute, or relative to the process.
  std::string dtype = "auto";  ///< auto, bfloat16, float32, int8
  std::string device = "auto";         ///< auto, cpu, cuda
  std::string determinism = "strict";  ///< strict, fast
  std::int64_t max_model_len = 0;      ///< Tokens of prompt and completion.
  std::int64_t max_num_seqs = 64;      ///< Generations that run at once.
  std::int64_t max_num_queued = 256;   ///< Requests that wait; more are answered 429.
  std::int64_t kv_cache_bytes = 0;
  std::int64_t threads = 0;
  bool enable_thinking = false;  ///< Where a request does not say.
  std::string chat_template;     ///< A name that is used although the checkpoint's differs.
};

/// What a reply's data is.
enum class ReplyData { output, completion };

/// One InferenceSink as the manifests describe it. Texts are templates (sinks/event_template.h);
/// those of the reply may have places {{ output }} and {{ output.a.b }}.
struct InferenceSinkSpec {
  std::string ns = "default";
  std::string name;
  std::string model;  ///< The ingress path of its InferenceService.
  std::string system_prompt;
  std::string user_prompt;  ///< Empty: the event's data asks, as of an InferenceService.
  /// max_tokens, temperature, top_p, top_k, min_p, seed, stop, penalties, enable_thinking,
  /// max_thinking_tokens: as in an OpenAI request (sinks/openai_request.h).
  nlohmann::json parameters = nlohmann::json::object();
  std::string schema;                ///< A JSON Schema, as JSON; empty: none.
  std::vector<std::string> choices;  ///< Empty: any text.
  std::string reply_type{kCompletionType};
  std::string reply_source;   ///< Empty: /NAMESPACE/inferencesinks/NAME.
  std::string reply_subject;  ///< Empty: the cause's id.
  std::map<std::string, std::string> reply_extensions;
  ReplyData reply_data = ReplyData::output;
};

}  // namespace sluice
