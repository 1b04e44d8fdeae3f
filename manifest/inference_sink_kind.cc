// InferenceSink (sluice.dev/v1alpha1): a prompt and the shape of a reply around a model. What its
// templates, parameters and schema may be is known to sinks/inference_sink_spec.h.

#include "manifest/build.h"
#include "manifest/typed_json.h"
#include "sinks/inference_sink_spec.h"

#include <charconv>

namespace sluice {

template <>
std::span<const std::string_view> words_of<ReplyData>() {
  static constexpr std::string_view kWords[] = {"output", "completion"};
  return kWords;
}

namespace {

constexpr std::size_t kMostSchemaNodes = 10'000;

struct SinkModelFields {
  Value<RefFields> ref;
};

struct PromptFields {
  Value<std::string> system;
  Value<std::string> user;
};

struct OutputFields {
  Value<AnyYaml> schema;
  Value<StringList> choice;
};

struct ReplyFields {
  Value<std::string> type;
  Value<std::string> source;
  Value<std::string> subject;
  Value<StringMap> extensions;
  Value<ReplyData> data;
};

struct InferenceSinkFields {
  Value<SinkModelFields> model;
  Value<PromptFields> prompt;
  Value<AnyYaml> parameters;
  Value<OutputFields> output;
  Value<ReplyFields> reply;
};

void read_prompt(const PromptFields& prompt, InferenceSinkSpec& spec, Findings& findings) {
  if (prompt.system) spec.system_prompt = *prompt.system;
  if (prompt.user) spec.user_prompt = *prompt.user;
  if (prompt.user && prompt.user->empty()) {
    findings.error(*prompt.user.node, "'user' is empty: the model would be asked nothing",
                   "leave it out, so that the event's data asks");
  }
}

void read_parameters(const Value<AnyYaml>& field, InferenceSinkSpec& spec, Findings& findings) {
  if (!field) return;
  if (!expect_mapping(*field.node, "'parameters'", findings)) return;
  for (const auto& [key, node] : field.node->entries) {
    if (node->is_null()) continue;  // As in Kubernetes, null is absent.
    if (const auto value = typed_json(*node, findings)) spec.parameters[key->text] = *value;
  }
}

void read_schema(const YamlNode& node, InferenceSinkSpec& spec, Findings& findings) {
  if (!expect_mapping(node, "'schema'", findings)) return;
  if (node.size > kMostSchemaNodes) {
    findings.error(node, "the schema has more than " + std::to_string(kMostSchemaNodes) + " values",
                   "decoding cannot be held to one of that size");
    return;
  }
  if (const auto schema = typed_json(node, findings)) spec.schema = schema->dump();
}

void read_output(const Value<OutputFields>& field, InferenceSinkSpec& spec, Findings& findings) {
  if (!field) return;
  const OutputFields& output = *field;
  if (output.schema && output.choice) {
    findings.error(*output.choice.node, "'schema' and 'choice' both say what the output is",
                   "leave one of the two out");
    return;
  }
  if (field.node->entries.empty()) {
    findings.error(*field.node, "'output' wants 'schema' or 'choice'",
                   "leave 'output' out where any text will do");
  }
  if (output.choice && output.choice.node->items.empty()) {
    findings.error(*output.choice.node, "'choice' is empty", "write the texts that it may be");
  }
  if (output.schema) read_schema(*output.schema.node, spec, findings);
  for (const auto& choice : *output.choice) spec.choices.push_back(*choice);
}

void read_reply(const ReplyFields& reply, InferenceSinkSpec& spec, Findings& findings) {
  if (reply.type) spec.reply_type = *reply.type;
  if (reply.source) spec.reply_source = *reply.source;
  if (reply.subject) spec.reply_subject = *reply.subject;
  if (reply.data) spec.reply_data = *reply.data;
  for (const auto& [name, value] : *reply.extensions) {
    if (check_extension_name(name, *value.node, findings)) {
      spec.reply_extensions.emplace(name, *value);
    }
  }
}

// The node at `place` below the spec; where a step of it is not there, the one above.
const YamlNode& node_at(const SpecProblem& problem, const YamlNode& spec) {
  const YamlNode* node = &spec;
  const YamlNode* key = node;
  for (const std::string& step : problem.place) {
    const YamlNode* below = nullptr;
    if (const auto* entry = node->find(step)) {
      below = entry->value;
      key = entry->key;
    } else if (node->kind == YamlNode::Kind::sequence) {
      std::size_t index = 0;
      std::from_chars(step.data(), step.data() + step.size(), index);
      if (index < node->items.size()) below = node->items[index];
    }
    if (below == nullptr) break;
    node = below;
  }
  return problem.at_key ? *key : *node;
}

void build_inference_sink(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<InferenceSinkFields>(resource);
  InferenceSinkSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  const Resource* model =
      find_ref(fields.model->ref, "'model'", {"InferenceService"}, resource, build);
  if (model != nullptr) spec.model = path_of(*model);
  read_prompt(*fields.prompt, spec, build.findings);
  read_parameters(fields.parameters, spec, build.findings);
  read_output(fields.output, spec, build.findings);
  read_reply(*fields.reply, spec, build.findings);
  if (resource.spec != nullptr) {
    for (const SpecProblem& problem : validate_inference_sink_spec(spec)) {
      build.findings.error(node_at(problem, *resource.spec), problem.text, problem.hint);
    }
  }
  build.graph.inference_sinks.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<SinkModelFields>& shape_of() {
  static const Shape<SinkModelFields> shape(
      "InferenceSink model",
      {field<&SinkModelFields::ref>({"ref", "The InferenceService that is asked.", true})});
  return shape;
}

template <>
const Shape<PromptFields>& shape_of() {
  static const Shape<PromptFields> shape(
      "prompt",
      {
          field<&PromptFields::system>(
              {"system", "The system's turn, a [template](#templates).", false, "none"}),
          field<&PromptFields::user>({"user", "The user's turn, a [template](#templates).", false,
                                      "the event's data asks, as of an InferenceService"}),
      });
  return shape;
}

template <>
const Shape<OutputFields>& shape_of() {
  static const Shape<OutputFields> shape(
      "output",
      {
          field<&OutputFields::schema>(
              {"schema",
               "A JSON Schema; the output is JSON that satisfies it. See [schemas](#schemas).",
               false, "any text"}),
          field<&OutputFields::choice>(
              {"choice", "The output is one of these texts, no two of which are the same.", false,
               "any text"}),
      });
  return shape;
}

template <>
const Shape<ReplyFields>& shape_of() {
  using Fields = ReplyFields;
  static const Shape<Fields> shape(
      "reply", {
                   field<&Fields::type>({"type", "The reply's type, a [template](#templates).",
                                         false, "dev.sluice.inference.completion"}),
                   field<&Fields::source>({"source", "Its source, a [template](#templates).", false,
                                           "/NAMESPACE/inferencesinks/NAME"}),
                   field<&Fields::subject>({"subject", "Its subject, a [template](#templates).",
                                            false, "the cause's id"}),
                   field<&Fields::extensions>(
                       {"extensions", "Extension attributes, each a [template](#templates)."}),
                   field<&Fields::data>({"data",
                                         "What its data is: what the model wrote, or OpenAI's "
                                         "chat-completion object around it.",
                                         false, "output"}),
               });
  return shape;
}

template <>
const Shape<InferenceSinkFields>& shape_of() {
  using Fields = InferenceSinkFields;
  static const Shape<Fields> shape(
      "InferenceSink spec",
      {
          field<&Fields::model>({"model", "Who is asked.", true}),
          field<&Fields::prompt>({"prompt", "What is asked.", false, "the event's data"}),
          field<&Fields::parameters>(
              {"parameters",
               "How tokens are chosen; see [parameters](#parameters-of-an-inferencesink).", false,
               "the model's own"}),
          field<&Fields::output>({"output", "What decoding is held to.", false, "any text"}),
          field<&Fields::reply>({"reply", "The event that comes of it."}),
      });
  return shape;
}

KindInfo inference_sink_kind() {
  KindInfo info;
  info.kind = "InferenceSink";
  info.api_versions = {"sluice.dev/v1alpha1"};
  info.about =
      "Puts a prompt and the shape of a reply around a model: the events that it gets at "
      "`/NAMESPACE/inferencesinks/NAME` are answered with what the model makes of them.";
  info.addressing = Addressing::local;
  info.plural = "inferencesinks";
  info.spec = &shape_info<InferenceSinkFields>;
  info.build = build_inference_sink;
  return info;
}

}  // namespace sluice
