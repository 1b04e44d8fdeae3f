#include "sinks/inference_parameters_spec.h"

#include "base/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice {
namespace {

bool is_text(const nlohmann::json& value) {
  return value.is_string() && !value.get_ref<const std::string&>().empty();
}

bool fits(const InferenceParameter& parameter, const nlohmann::json& value) {
  switch (parameter.type) {
    case InferenceParameter::Type::boolean:
      return value.is_boolean();
    case InferenceParameter::Type::texts:
      return is_text(value) || (value.is_array() && std::ranges::all_of(value, is_text));
    case InferenceParameter::Type::integer:
      if (!value.is_number_integer()) return false;
      break;
    case InferenceParameter::Type::number:
      if (!value.is_number()) return false;
      break;
  }
  const auto number = value.get<double>();
  if (parameter.above_min && number <= parameter.min) return false;
  return number >= parameter.min && number <= parameter.max;
}

// For people: a long list or text is cut.
std::string shown(const nlohmann::json& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_array()) return "that list";
  return value.is_object() ? "an object" : value.dump();
}

}  // namespace

const std::vector<InferenceParameter>& inference_parameters() {
  using Type = InferenceParameter::Type;
  constexpr double kMost = 2147483647;
  constexpr std::string_view kModel = "what the model says";
  static const std::vector<InferenceParameter> parameters = {
      {"max_tokens", Type::integer, "a whole number of at least 1", "as many as the context holds",
       "How long the completion may be, thoughts included.", 1, kMost},
      {"temperature", Type::number, "a number from 0 to 2", kModel,
       "0 always takes the likeliest token.", 0, 2},
      {"top_p", Type::number, "a number above 0, at most 1", kModel,
       "Only the likeliest tokens that add up to this probability.", 0, 1, true},
      {"top_k", Type::integer, "a whole number of at least -1", kModel,
       "Only that many of the likeliest tokens; 0 and -1: all.", -1, kMost},
      {"min_p", Type::number, "a number from 0 to 1", kModel,
       "Only tokens at least that likely, compared with the likeliest.", 0, 1},
      {"presence_penalty", Type::number, "a number from -2 to 2", "0",
       "Against tokens that were written before.", -2, 2},
      {"frequency_penalty", Type::number, "a number from -2 to 2", "0",
       "The same for each time that they were.", -2, 2},
      {"repetition_penalty", Type::number, "a number above 0, at most 2", kModel,
       "Against tokens of the prompt and the completion; 1 is none.", 0, 2, true},
      {"seed", Type::integer, "a whole number of at least 0", "0",
       "The same seed and prompt give the same completion.", 0},
      {"stop", Type::texts, "a text or a list of texts, none of them empty", "none",
       "The completion ends before one of these."},
      {"enable_thinking", Type::boolean, "true or false", "that of the InferenceService",
       "Whether the model thinks first, where it has the choice."},
      {"max_thinking_tokens", Type::integer, "a whole number of at least 0", "no bound",
       "How long it may think before it has to answer.", 0, kMost},
  };
  return parameters;
}

Result<void> check_inference_parameter(std::string_view name, const nlohmann::json& value) {
  const auto parameter = std::ranges::find(inference_parameters(), name, &InferenceParameter::name);
  if (parameter == inference_parameters().end()) {
    return fail(Errc::invalid_argument, "unknown parameter " + in_quotes(name));
  }
  if (fits(*parameter, value)) return boost::outcome_v2::success();
  return fail(Errc::invalid_argument, "'" + std::string(name) + "' wants " +
                                          std::string(parameter->wants) + ", not " + shown(value));
}

}  // namespace sluice
