#include "sinks/inference_sink_spec.h"

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "event/uri.h"
#include "inference/choice_grammar.h"
#include "inference/json_schema.h"
#include "sinks/event_template.h"
#include "sinks/inference_parameters_spec.h"

#include <algorithm>

namespace sluice {
namespace {

using Place = std::vector<std::string>;
using Places = EventTemplate::Places;

class Check {
 public:
  std::vector<SpecProblem> run(const InferenceSinkSpec& spec) {
    check_prompt(spec);
    check_reply(spec);
    for (const auto& [name, value] : spec.parameters.items()) check_parameter(name, value);
    check_schema(spec);
    check_choices(spec);
    return std::move(problems_);
  }

 private:
  void refuse(Place place, std::string text, std::string hint = {}, bool at_key = false) {
    problems_.push_back({std::move(place), std::move(text), std::move(hint), at_key});
  }

  void check_template(const Place& place, const std::string& text, Places places) {
    const auto parsed = EventTemplate::parse(text, places);
    if (parsed) return;
    refuse(place, "'" + place.back() + "': " + parsed.error().detail,
           places == Places::event ? "e.g. {{ type }}, {{ data }}, {{ data.a.0.b }}"
                                   : "e.g. {{ subject }}, {{ data.a.0.b }}, {{ output.a }}");
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
    const auto schema = nlohmann::ordered_json::parse(spec.schema, nullptr, false);
    if (schema.is_discarded()) return refuse({"output", "schema"}, "'schema' is not JSON");
    const auto grammar = inference::json_schema_grammar(schema);
    if (!grammar) {
      refuse({"output", "schema"}, grammar.error().detail,
             "decoding cannot be held to it; see Schemas in docs/resources.md");
    }
  }

  void check_choices(const InferenceSinkSpec& spec) {
    const auto& choices = spec.choices;
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
};

}  // namespace

std::vector<SpecProblem> validate_inference_sink_spec(const InferenceSinkSpec& spec) {
  return Check().run(spec);
}

}  // namespace sluice
