// KServe's V2 part of the model APIs (Open Inference Protocol): health, metadata, infer, and the
// generate extension. A text is a user's turn of a chat; with the parameter `raw` it is gone on
// with as it is.

#include "broker/model_api.h"
#include "sinks/openai_fields.h"
#include "sinks/openai_objects.h"

#include <algorithm>

namespace sluice {
namespace {

using Json = RequestJson;

constexpr std::string_view kModelVersion = "1";
constexpr std::size_t kMaxTexts = 64;  // Of one infer request: each is a generation.

Json tensor(std::string_view name) {
  return {{"name", name}, {"datatype", "BYTES"}, {"shape", Json::array({-1})}};
}

/// What both ways to ask say but for the texts.
struct Asked {
  inference::CompletionRequest settings;
  bool is_raw = false;
  std::string id;
  std::vector<std::string> texts;

  [[nodiscard]] inference::CompletionRequest request_for(std::string text) const {
    inference::CompletionRequest request = settings;
    if (is_raw) {
      request.prompt = std::move(text);
    } else {
      request.messages.emplace_back();
      request.messages.back().content = std::move(text);
    }
    return request;
  }
};

Result<void> read_settings(const Json& body, Asked& into) {
  SLUICE_TRY(read_text(body, "id", into.id));
  const Json* const parameters = given(body, "parameters");
  if (parameters == nullptr) return boost::outcome_v2::success();
  if (!parameters->is_object()) return bad_field("parameters", "an object", *parameters);
  SLUICE_TRY(read_flag(*parameters, "raw", into.is_raw));
  bool stream = false;
  SLUICE_TRY(read_flag(*parameters, "stream", stream));
  if (stream) return refusal("stream", "goes with /v1/chat/completions only");
  nlohmann::json rest = *parameters;
  rest.erase("raw");
  rest.erase("stream");
  return read_parameters(rest, into.settings);
}

Result<Asked> generate_request_from(std::string_view text) {
  SLUICE_TRY(const auto body, parse_request_object(text));
  Asked asked;
  SLUICE_TRY(read_settings(body, asked));
  const Json* const input = given(body, "text_input");
  if (input == nullptr) return refusal("text_input", "is missing");
  if (!input->is_string()) return bad_field("text_input", "a text", *input);
  asked.texts = {input->get<std::string>()};
  return asked;
}

/// [n], or [n, 1].
bool is_shape_of(const Json& shape, std::size_t count) {
  if (!shape.is_array() || shape.empty() || shape.front() != count) return false;
  return std::all_of(shape.begin() + 1, shape.end(), [](const Json& size) { return size == 1; });
}

Result<Asked> infer_request_from(std::string_view text) {
  SLUICE_TRY(const auto body, parse_request_object(text));
  Asked asked;
  SLUICE_TRY(read_settings(body, asked));
  const Json* const inputs = given(body, "inputs");
  if (inputs == nullptr) return refusal("inputs", "is missing");
  if (!inputs->is_array() || inputs->size() != 1 || !inputs->front().is_object()) {
    return bad_field("inputs", "a list of one tensor", *inputs);
  }
  const Json& input = inputs->front();
  const Json* const type = given(input, "datatype");
  if (type == nullptr || *type != "BYTES") {
    return bad_field("inputs[0].datatype", "BYTES", type == nullptr ? Json() : *type);
  }
  const Json* const data = given(input, "data");
  if (data == nullptr) return refusal("inputs[0].data", "is missing");
  SLUICE_TRY(asked.texts, texts_from(*data, "inputs[0].data"));
  if (asked.texts.size() > kMaxTexts) {
    return refusal("inputs[0].data", "at most " + std::to_string(kMaxTexts) + " texts, not " +
                                         std::to_string(asked.texts.size()));
  }
  const Json* const shape = given(input, "shape");
  const std::string wanted = "[" + std::to_string(asked.texts.size()) + "], as there are texts";
  if (shape == nullptr || !is_shape_of(*shape, asked.texts.size())) {
    return bad_field("inputs[0].shape", wanted, shape == nullptr ? Json() : *shape);
  }
  return asked;
}

/// Completes all texts side by side; a failure of one is a failure of the request.
Task<std::vector<std::string>> completions_of(ApiExchange& exchange, TextModel& model,
                                              Asked& asked) {
  const Deadline deadline = exchange.deadline();
  std::vector<std::unique_ptr<CompletionStream>> streams;
  for (std::string& text : asked.texts) {
    auto request = asked.request_for(std::move(text));
    draw_seed(request);
    streams.push_back(model.stream(std::move(request), deadline));
  }
  auto completions = co_await exchange.all(streams);
  if (!completions) co_return std::move(completions).error();
  std::vector<std::string> outputs;
  for (inference::Completion& completion : completions.value()) {
    outputs.push_back(std::move(completion.text));
  }
  co_return outputs;
}

/// What both answers begin with.
Json answer_of(const TextModel& model, const Asked& asked) {
  Json answer = {{"model_name", model.name()}, {"model_version", kModelVersion}};
  if (!asked.id.empty()) answer["id"] = asked.id;
  return answer;
}

}  // namespace

std::string ModelApi::server_object() const {
  return dumped({{"name", "sluice"}, {"version", version_}, {"extensions", {"generate"}}});
}

std::string ModelApi::metadata_object(const Served& served) {
  return dumped({{"name", served.model->name()},
                 {"versions", {kModelVersion}},
                 {"platform", "sluice"},
                 {"inputs", Json::array({tensor("text_input")})},
                 {"outputs", Json::array({tensor("text_output")})}});
}

std::string ModelApi::ready_object(const Served& served) {
  return dumped({{"name", served.model->name()}, {"ready", true}});
}

Awaitable<bool> ModelApi::answer_health(ApiExchange& exchange, bool draining) const {
  std::string why = draining ? "the broker is shutting down" : "";
  for (const Served& served : models_) {
    if (why.empty()) why = unready_text(*served.model);
  }
  if (!why.empty()) co_return co_await exchange.refuse(503, std::move(why));
  co_return co_await exchange.answer(200, R"({"ready":true})");
}

Awaitable<bool> ModelApi::infer(ApiExchange& exchange, const Served& served) const {
  auto request = infer_request_from(exchange.body());
  exchange.release();
  if (!request) co_return co_await exchange.refuse(std::move(request).error());
  std::string why = unready_text(*served.model);
  if (!why.empty()) co_return co_await exchange.refuse(503, std::move(why));
  auto texts = co_await completions_of(exchange, *served.model, request.value());
  if (!texts) co_return co_await exchange.refuse(std::move(texts).error());
  Json output = tensor("text_output");
  output["shape"] = Json::array({texts.value().size()});
  output["data"] = texts.value();
  Json answer = answer_of(*served.model, request.value());
  answer["outputs"] = Json::array({std::move(output)});
  co_return co_await exchange.answer(200, dumped(answer));
}

Awaitable<bool> ModelApi::generate(ApiExchange& exchange, const Served& served) const {
  auto request = generate_request_from(exchange.body());
  exchange.release();
  if (!request) co_return co_await exchange.refuse(std::move(request).error());
  std::string why = unready_text(*served.model);
  if (!why.empty()) co_return co_await exchange.refuse(503, std::move(why));
  auto texts = co_await completions_of(exchange, *served.model, request.value());
  if (!texts) co_return co_await exchange.refuse(std::move(texts).error());
  Json answer = answer_of(*served.model, request.value());
  answer["text_output"] = texts.value().front();
  co_return co_await exchange.answer(200, dumped(answer));
}

}  // namespace sluice
