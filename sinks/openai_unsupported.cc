// What of OpenAI's and vLLM's fields cannot be done here and would change the answer: refused by
// name, rather than ignored; what decoding is held to; with the words that say what is there.

#include "sinks/openai_fields.h"

namespace sluice {
namespace {

using Json = RequestJson;
using inference::OutputConstraint;

bool never(const Json&) { return false; }
bool is_empty(const Json& value) { return value == "" || (!value.is_primitive() && value.empty()); }
bool is_false(const Json& value) { return value == false; }
bool is_true(const Json& value) { return value == true; }
bool is_zero(const Json& value) { return value == 0; }
bool is_one(const Json& value) { return value == 1; }
bool is_none(const Json& value) { return value == "none"; }
bool is_text_only(const Json& value) { return value == Json::array({"text"}); }

struct Unsupported {
  std::string_view name;
  bool (*asks_nothing)(const Json&);
  std::string_view instead;
};

constexpr std::string_view kNot = "is not supported";
constexpr std::string_view kConstraints =
    "is not supported; a JSON Schema and a list of choices are";

constexpr Unsupported kUnsupported[] = {
    {"n", is_one, "want 1: a request has one answer"},
    {"best_of", is_one, "want 1: a request has one answer"},
    {"logit_bias", is_empty, kNot},
    {"suffix", is_empty, kNot},
    {"echo", is_false, kNot},
    {"audio", never, kNot},
    {"modalities", is_text_only, "want [\"text\"]: the model reads and writes text"},
    {"functions", is_empty, "is not supported; tools are"},
    {"function_call", is_none, "is not supported; tools are"},
    {"web_search_options", never, kNot},
    {"use_beam_search", is_false, kNot},
    {"length_penalty", is_one, kNot},
    {"min_tokens", is_zero, kNot},
    {"ignore_eos", is_false, kNot},
    {"stop_token_ids", is_empty, "is not supported; stop is"},
    {"include_stop_str_in_output", is_false, kNot},
    {"bad_words", is_empty, kNot},
    {"allowed_token_ids", is_empty, kNot},
    {"logits_processors", is_empty, kNot},
    {"truncate_prompt_tokens", never, kNot},
    {"prompt_logprobs", never, kNot},
    {"skip_special_tokens", is_true, kNot},
    {"add_generation_prompt", is_true, kNot},
    {"continue_final_message", is_false, kNot},
    {"chat_template", never, "is not supported; --chat-template of the InferenceService is"},
    {"documents", is_empty, kNot},
    {"guided_regex", never, kConstraints},
    {"guided_grammar", never, kConstraints},
};

/// Remembers which field has set the constraint: a second one is refused.
struct Constraint {
  OutputConstraint& into;
  std::string field;

  Result<void> set_schema(const std::string& name, const Json& value) {
    SLUICE_TRY(claim(name));
    if (value.is_string()) {  // vLLM takes its text as well.
      auto parsed = parse_request_object(value.get_ref<const std::string&>());
      if (!parsed) return bad_field(name, "a JSON Schema", value);
      into.schema = parsed.value().dump();
      return boost::outcome_v2::success();
    }
    if (!value.is_object()) return bad_field(name, "a JSON Schema, which is an object", value);
    into.schema = value.dump();
    return boost::outcome_v2::success();
  }

  Result<void> set_choices(const std::string& name, const Json& value) {
    SLUICE_TRY(claim(name));
    SLUICE_TRY(into.choices, texts_from(value, name));
    return boost::outcome_v2::success();
  }

  Result<void> set_any_object(const std::string& name) {
    SLUICE_TRY(claim(name));
    into.schema = R"({"type":"object"})";
    return boost::outcome_v2::success();
  }

 private:
  Result<void> claim(const std::string& name) {
    if (!field.empty()) return refusal(name, "give one of it and " + field);
    field = name;
    return boost::outcome_v2::success();
  }
};

Result<void> read_response_format(const Json& format, Constraint& constraint) {
  const Json* const type = format.is_object() ? given(format, "type") : nullptr;
  if (type == nullptr) return bad_field("response_format", "an object with a type", format);
  if (*type == "text") return boost::outcome_v2::success();
  if (*type == "json_object") return constraint.set_any_object("response_format");
  if (*type != "json_schema") {
    return bad_field("response_format.type", "text, json_object or json_schema", *type);
  }
  const Json* const described = given(format, "json_schema");
  const Json* const schema =
      described != nullptr && described->is_object() ? given(*described, "schema") : nullptr;
  if (schema == nullptr) return refusal("response_format.json_schema.schema", "is missing");
  return constraint.set_schema("response_format.json_schema.schema", *schema);
}

Result<void> read_structured_outputs(const Json& outputs, Constraint& constraint) {
  const std::string name = "structured_outputs";
  if (!outputs.is_object()) return bad_field(name, "an object", outputs);
  for (const std::string_view key : {"regex", "grammar", "structural_tag"}) {
    if (given(outputs, key) != nullptr) {
      return refusal(name + "." + std::string(key), kConstraints);
    }
  }
  if (const Json* const schema = given(outputs, "json")) {
    SLUICE_TRY(constraint.set_schema(name + ".json", *schema));
  }
  if (const Json* const choices = given(outputs, "choice")) {
    SLUICE_TRY(constraint.set_choices(name + ".choice", *choices));
  }
  const Json* const any_object = given(outputs, "json_object");
  if (any_object != nullptr && *any_object == true) {
    SLUICE_TRY(constraint.set_any_object(name + ".json_object"));
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<void> refuse_unsupported(const Json& object) {
  for (const Unsupported& field : kUnsupported) {
    const Json* const value = given(object, field.name);
    if (value != nullptr && !field.asks_nothing(*value)) return refusal(field.name, field.instead);
  }
  return boost::outcome_v2::success();
}

Result<void> read_output_constraint(const Json& object, OutputConstraint& into) {
  Constraint constraint{into, {}};
  if (const Json* const format = given(object, "response_format")) {
    SLUICE_TRY(read_response_format(*format, constraint));
  }
  if (const Json* const outputs = given(object, "structured_outputs")) {
    SLUICE_TRY(read_structured_outputs(*outputs, constraint));
  }
  if (const Json* const schema = given(object, "guided_json")) {
    SLUICE_TRY(constraint.set_schema("guided_json", *schema));
  }
  if (const Json* const choices = given(object, "guided_choice")) {
    SLUICE_TRY(constraint.set_choices("guided_choice", *choices));
  }
  return boost::outcome_v2::success();
}

}  // namespace sluice
