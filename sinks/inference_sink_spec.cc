#include "sinks/inference_sink_spec.h"

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "event/uri.h"
#include "inference/choice_grammar.h"
#include "inference/json_schema.h"
#include "sinks/event_template.h"
#include "sinks/inference_parameters_spec.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace sluice {
namespace {

using Place = std::vector<std::string>;
using Places = EventTemplate::Places;
using Json = nlohmann::ordered_json;

// On a reply, each says what the reply's maker or a Broker knows, and nobody else.
constexpr std::string_view kOwnExtensions[] = {
    "causeid",  "causesource", "inferencemodel",   "finishreason",
    "tokensin", "tokensout",   "knativebrokerttl", "knativearrivaltime"};

// What a schema that decoding is held to says of one step of a path: what stands there, or that
// nothing ever does, and why.
struct Step {
  const Json* schema = nullptr;  // Null: nothing definite.
  std::string fault = {};        // Empty: it may be there.
  std::string hint = {};
};

bool is_index(std::string_view step) {
  const bool is_number = std::ranges::all_of(step, [](char c) { return c >= '0' && c <= '9'; });
  return is_number && (step.size() == 1 || step.front() != '0');
}

bool may_be(const Json& schema, std::string_view type) {
  const Json& types = schema["type"];
  return types == type || (types.is_array() && std::ranges::find(types, type) != types.end());
}

// `above` is the path that leads to the schema: "who.0", or nothing.
Step key_step(const Json& schema, const std::string& step, const std::string& above) {
  constexpr std::size_t kMostShown = 8;
  std::vector<std::string_view> keys;
  std::string known;
  if (const auto properties = schema.find("properties"); properties != schema.end()) {
    if (const auto found = properties->find(step); found != properties->end()) return {&*found};
    for (const auto& [key, value] : properties->items()) {
      if (keys.size() < kMostShown) known += (keys.empty() ? "it has " : ", ") + in_quotes(key);
      keys.push_back(key);
    }
    if (keys.size() > kMostShown) known += ", ...";
  }
  if (keys.empty()) {
    const auto others = schema.find("additionalProperties");
    if (others == schema.end()) return {};
    if (*others != false) return {&*others};
  }
  const auto near = nearest(step, keys);
  return {
      nullptr,
      "the schema has no " + in_quotes(step) + (above.empty() ? "" : " below " + in_quotes(above)),
      near ? "did you mean " + in_quotes(*near) + "?" : known};
}

Step step_into(const Json& schema, const std::string& step, const std::string& above) {
  const std::string whole = above.empty() ? "the output" : in_quotes(above);
  const std::string place = above.empty() ? "output" : "output." + above;
  const Step nothing{nullptr, "nothing is below " + whole, "write {{ " + place + " }}"};
  if (!schema.is_object()) return {};
  if (const auto value = schema.find("const"); value != schema.end()) {
    return value->is_structured() ? Step() : nothing;
  }
  if (const auto values = schema.find("enum"); values != schema.end()) {
    const auto has_parts = [](const Json& value) { return value.is_structured(); };
    return std::ranges::any_of(*values, has_parts) ? Step() : nothing;
  }
  if (!schema.contains("type")) return {};  // {}, $ref, anyOf.
  const bool is_list = may_be(schema, "array");
  if (may_be(schema, "object")) {
    return is_list && is_index(step) ? Step() : key_step(schema, step, above);
  }
  if (!is_list) return nothing;
  if (!is_index(step)) {
    return {nullptr, whole + " is a list", "a step into it is an index: {{ " + place + ".0 }}"};
  }
  const auto items = schema.find("items");
  return items == schema.end() ? Step() : Step{&*items};
}

class Check {
 public:
  std::vector<SpecProblem> run(const InferenceSinkSpec& spec) {
    check_prompt(spec);
    for (const auto& [name, value] : spec.parameters.items()) check_parameter(name, value);
    check_schema(spec);
    check_choices(spec);
    check_reply(spec);
    return std::move(problems_);
  }

 private:
  void refuse(Place place, std::string text, std::string hint = {}, bool at_key = false) {
    problems_.push_back({std::move(place), std::move(text), std::move(hint), at_key});
  }

  void check_template(const Place& place, const std::string& text, Places places) {
    const auto parsed = EventTemplate::parse(text, places);
    if (parsed) {
      for (const auto& path : parsed.value().output_paths()) check_output_path(place, path);
      return;
    }
    refuse(place, "'" + place.back() + "': " + parsed.error().detail,
           places == Places::event ? "e.g. {{ type }}, {{ data }}, {{ data.a.0.b }}"
                                   : "e.g. {{ subject }}, {{ data.a.0.b }}, {{ output.a }}");
  }

  void check_output_path(const Place& place, const std::vector<std::string>& path) {
    Step now;
    if (has_choices_) {
      now = {nullptr, "beside 'choice' the output is a text", "write {{ output }}"};
    } else if (schema_) {
      now.schema = &*schema_;
    }
    std::string above;
    for (const std::string& step : path) {
      if (now.schema != nullptr) now = step_into(*now.schema, step, above);
      above += (above.empty() ? "" : ".") + step;
    }
    if (now.fault.empty()) return;
    refuse(place,
           "'" + place.back() + "': " + in_quotes("{{ output." + above + " }}") +
               " is never there: " + now.fault,
           now.hint);
  }

  void check_prompt(const InferenceSinkSpec& spec) {
    check_template({"prompt", "system"}, spec.system_prompt, Places::event);
    check_template({"prompt", "user"}, spec.user_prompt, Places::event);
  }

  void check_reply(const InferenceSinkSpec& spec) {
    check_template({"reply", "type"}, spec.reply_type, Places::with_output);
    check_template({"reply", "source"}, spec.reply_source, Places::with_output);
    check_template({"reply", "subject"}, spec.reply_subject, Places::with_output);
    for (const auto& [name, text] : spec.reply_extensions) {
      if (std::ranges::find(kOwnExtensions, name) != std::end(kOwnExtensions)) {
        refuse({"reply", "extensions", name},
               "the extension '" + name + "' cannot be given: Sluice sets it itself",
               "leave it out", true);
      }
      check_template({"reply", "extensions", name}, text, Places::with_output);
    }
    if (is_blank(spec.reply_type)) refuse({"reply", "type"}, "'type' is empty", "leave it out");
    const std::string& source = spec.reply_source;
    const bool is_fixed = source.find("{{") == std::string::npos;
    if (is_fixed && !source.empty() && !is_event_uri_reference(source)) {
      refuse({"reply", "source"}, "'source': " + in_quotes(source) + " is not a URI reference",
             "e.g. /triage or urn:example:triage");
    }
  }

  void check_parameter(const std::string& name, const nlohmann::json& value) {
    const auto good = check_inference_parameter(name, value);
    if (good) return;
    std::vector<std::string_view> names;
    std::string known;
    for (const InferenceParameter& parameter : inference_parameters()) {
      if (parameter.name == name) {
        return refuse({"parameters", name}, good.error().detail, std::string(parameter.about));
      }
      names.push_back(parameter.name);
      known += (known.empty() ? "known: " : ", ") + std::string(parameter.name);
    }
    const auto near = nearest(name, names);
    refuse({"parameters", name}, good.error().detail,
           near ? "did you mean '" + std::string(*near) + "'?" : known, true);
  }

  void check_schema(const InferenceSinkSpec& spec) {
    if (spec.schema.empty()) return;
    auto schema = Json::parse(spec.schema, nullptr, false);
    if (schema.is_discarded()) return refuse({"output", "schema"}, "'schema' is not JSON");
    const auto grammar = inference::json_schema_grammar(schema);
    if (!grammar) {
      refuse({"output", "schema"}, grammar.error().detail,
             "decoding cannot be held to it; see Schemas in docs/resources.md");
    } else {
      schema_ = std::move(schema);
    }
  }

  void check_choices(const InferenceSinkSpec& spec) {
    const auto& choices = spec.choices;
    has_choices_ = !choices.empty();
    const std::size_t before = problems_.size();
    for (std::size_t i = 0; i < choices.size(); ++i) {
      const auto end = choices.begin() + static_cast<std::ptrdiff_t>(i);
      const Place place{"output", "choice", std::to_string(i)};
      if (choices[i].empty()) {
        refuse(place, "a choice is empty", "the model has to write something");
      } else if (std::find(choices.begin(), end, choices[i]) != end) {
        refuse(place, "the choice " + in_quotes(choices[i]) + " is there twice", "leave one out");
      }
    }
    if (choices.empty() || problems_.size() > before) return;
    const auto grammar = inference::choice_grammar(choices);
    if (!grammar) refuse({"output", "choice"}, grammar.error().detail);
  }

  std::vector<SpecProblem> problems_;
  std::optional<Json> schema_;  // Where decoding can be held to it.
  bool has_choices_ = false;
};

}  // namespace

std::vector<SpecProblem> validate_inference_sink_spec(const InferenceSinkSpec& spec) {
  return Check().run(spec);
}

}  // namespace sluice
