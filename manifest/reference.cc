#include "manifest/reference.h"

#include "manifest/annotations.h"
#include "manifest/common_fields.h"
#include "manifest/inference_args.h"
#include "manifest/kafka_properties.h"
#include "manifest/kind.h"
#include "sinks/inference_parameters_spec.h"

#include <set>

namespace sluice {
namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- Written by `sluice validate --print-reference` from the tables in manifest/. -->

# Resources

Manifests are YAML 1.2, any number of documents a file, any number of files. They are read as a
set: a reference may lead to any of them. `sluice validate -f PATH` says everything that is wrong
with them; nothing starts until nothing is.

- A field without a value (`null`) counts as absent. A number or word without quotes, where a string
  is wanted, is taken as written: `5` is "5".
- `${VAR}`, `${VAR:-default}` and `${VAR:?text}` in values are replaced from the environment, once;
  `$${` stands for `${`. A variable that is not set, without a default, is an error. Inside `{ }`
  and `[ ]`, put quotes around them. Of ConfigMaps that is so in `kafka-channel-config` and in
  `channel-template-spec` only: the rest is not looked at.
- Anchors and aliases work; merge keys (`<<`) do not. At most 64 levels, 10,000 values through
  aliases, and 16 MiB a file.
- `metadata.namespace` is `default` where it is absent; `v1`, `v2` and `openai` are reserved.
  `status` and what else Kubernetes writes is ignored, and `kind: List` is read as its items, so
  that `kubectl get -o yaml` can be piped in.

Durations are ISO-8601: `PT0.2S`, `PT10M`, `P1DT2H`. Years and months are refused, since they have
no fixed length. Quantities are Kubernetes' own: `5000`, `256Mi`, `1G`.

)";

constexpr std::string_view kReferences = R"(## References

A destination is a `ref`, a `uri`, or both. `uri` is an absolute `http://` URL; with a `ref` to a
Service it is relative to the Service's URL. A `ref` leads to

- a Broker, Channel, InMemoryChannel, KafkaChannel, RedisChannel, Sequence, Parallel, EventDisplay,
  KafkaSink, RedisStreamSink, InferenceService or InferenceSink of the same manifests, in process;
- a Service: to its annotation `sluice.dev/url`; else to the URL of `--resolve NAMESPACE/NAME=URL`;
  else to the InferenceService of that name; else, with `--cluster-domain svc.cluster.local`, to
  `http://NAME.NAMESPACE.svc.cluster.local`; else it is an error.

)";

constexpr std::string_view kFilters = R"(## Filters

An element of a Trigger's `filters` is a mapping with one dialect. All elements must pass.

| dialect | passes |
| --- | --- |
| `exact: {ATTRIBUTE: VALUE, ...}` | every attribute is there and is the value |
| `prefix: {ATTRIBUTE: VALUE, ...}` | every attribute is there and begins with the value |
| `suffix: {ATTRIBUTE: VALUE, ...}` | every attribute is there and ends with the value |
| `all: [FILTER, ...]` | every filter passes |
| `any: [FILTER, ...]` | one filter passes at least |
| `not: FILTER` | the filter does not pass |
| `cesql: EXPRESSION` | the [CloudEvents SQL expression](filters.md#cesql) is true |
| `data: {PATH: PATTERN, ...}` | every path in JSON data passes; [Sluice's own](data-filters.md) |

Values compare with the attribute's CloudEvents string form. A filter that is broken is an error of
its Trigger, never skipped.

)";

constexpr std::string_view kTemplates = R"(## Templates

A text with places that are filled from the event:

| place | stands for |
| --- | --- |
| `{{ type }}`, `{{ subject }}`, `{{ myextension }}` | a context attribute |
| `{{ data }}` | the data, as it is |
| `{{ data.order.items.0.name }}` | a path into JSON data; a string comes without its quotes |
| `{{ output }}` | what the model wrote; in an InferenceSink's `reply` only |
| `{{ output.action }}` | a path into that, where it is JSON; likewise |

What is not there is empty. Elsewhere than in a `reply`, `output` is an attribute like any other.

)";

constexpr std::string_view kSchemas = R"(## Schemas

The JSON Schema of an InferenceSink's `output` holds decoding to it: nothing else can be written. It
may use `type`, `properties`, `required`, `additionalProperties`, `items`, `minItems`, `maxItems`,
`minLength`, `maxLength`, `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `enum`,
`const`, `anyOf`, and `$ref` to `#`, `#/$defs/NAME` or `#/definitions/NAME`; `title`, `description`,
`default`, `examples`, `$schema` and `$comment` are ignored. Whatever else it says is an error, and
so is what is too large. Properties are written in the order of the schema. Scalars are typed as
YAML 1.2 has it: `5` is a number, `"5"` a string; a string in quotes in which a variable was
replaced is typed by what came out.

)";

// In a cell of Markdown a | ends it, and outside of code a * is no star.
std::string cell(std::string_view text) {
  std::string out;
  bool in_code = false;
  for (const char c : text) {
    if (c == '`') in_code = !in_code;
    if (c == '|' || (c == '*' && !in_code)) out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string anchor_of(const ShapeInfo& shape) {
  std::string out;
  for (const char c : shape.name) {
    const bool upper = c >= 'A' && c <= 'Z';
    out += c == ' ' ? '-' : upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

std::string type_of(const FieldInfo& field) {
  if (field.words != nullptr) {
    const auto words = field.words();
    std::string out;
    for (const std::string_view word : words) out += (out.empty() ? "" : " or ") + code(word);
    return out;
  }
  if (field.shape != nullptr) {
    const ShapeInfo& shape = field.shape();
    const std::string link = "[" + std::string(shape.name) + "](#" + anchor_of(shape) + ")";
    return field.type == "list" ? "list of " + link : link;
  }
  std::string type(field.type);
  if (field.type == "integer") type += " from " + std::to_string(field.min);
  if (field.type == "duration" && field.min > 0) type += " over PT0S";
  if (field.key == "attributes") type = "map of strings";
  if (field.key == "filters") type = "list of [filters](#filters)";
  if (field.key == "parameters" || field.key == "schema") type = "mapping";
  if (field.key == "spec") type = "the fields of its kind";
  return type;
}

// The table of one shape; the shapes it uses are put into `later`, each once.
std::string table(const ShapeInfo& shape, std::set<std::string_view>& written,
                  std::vector<const ShapeInfo*>& later) {
  std::string out = "| field | type | default | |\n| --- | --- | --- | --- |\n";
  for (const FieldInfo& field : shape.fields) {
    out += "| " + code(field.key) + " | " + cell(type_of(field)) + " | ";
    out += field.required ? "required" : field.fallback.empty() ? "-" : cell(field.fallback);
    out += " | " + cell(field.about) + " |\n";
    if (field.shape == nullptr) continue;
    const ShapeInfo& below = field.shape();
    if (written.insert(below.name).second) later.push_back(&below);
  }
  return out + '\n';
}

std::string annotations() {
  std::string out = "## Annotations\n\n| annotation | type | default | on | |\n";
  out += "| --- | --- | --- | --- | --- |\n";
  for (const AnnotationInfo& info : all_annotations()) {
    out += "| " + code(info.key) + " | " + cell(info.type) + " | " + cell(info.fallback) + " | " +
           joined(info.kinds) + " | " + cell(info.about) + " |\n";
  }
  return out + '\n';
}

std::string flags_and_parameters() {
  std::string out = "## Args of an InferenceService\n\n";
  out +=
      "Each is written as `--name=value`, or as `--name` with its value in the next element. The "
      "names are vLLM's where vLLM has it; as there, `_` in a name counts as `-`.\n\n";
  out += "| flag | type | default | |\n| --- | --- | --- | --- |\n";
  for (const InferenceArg& arg : inference_args()) {
    out += "| " + code(arg.name) + " | " + cell(wanted_by(arg)) + " | " + cell(arg.fallback) +
           " | " + cell(arg.about) + " |\n";
  }
  out += "\n## Parameters of an InferenceSink\n\n";
  out += "| parameter | type | default | |\n| --- | --- | --- | --- |\n";
  for (const InferenceParameter& parameter : inference_parameters()) {
    out += "| " + code(parameter.name) + " | " + cell(parameter.wants) + " | " +
           cell(parameter.fallback) + " | " + cell(parameter.about) + " |\n";
  }
  return out + '\n';
}

constexpr std::string_view kKafkaConfig = R"(## kafka-channel-config

A ConfigMap of that name says where KafkaChannels find Kafka. The one of the channel's namespace is
taken, else that of `knative-eventing`. `--kafka-bootstrap-servers` wins over its
`bootstrap.servers`; the rest of it counts all the same.

| key | value | |
| --- | --- | --- |
| `bootstrap.servers` | HOST:PORT, several with commas | Where Kafka is. |
| `auth.secret.ref.name` | the name of a Secret | TLS and login; see [secrets](#secrets-of-kafka). |
| `auth.secret.ref.namespace` | its namespace | That of the ConfigMap where it is absent. |
)";

constexpr std::string_view kKafkaSecrets = R"(
The last ones are properties of librdkafka; which defaults Sluice changes is in
[channels.md](channels.md#tuning). What decides durability and order (`acks`, `enable.idempotence`,
`enable.auto.commit`, ...) cannot be set.

## Secrets of Kafka

The Secret of `kafka-channel-config` and of a KafkaSink has Knative's keys:

| key | |
| --- | --- |
| `protocol` | `PLAINTEXT`, `SASL_PLAINTEXT`, `SSL` or `SASL_SSL`; required |
| `sasl.mechanism` | `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`; where the protocol has SASL |
| `user`, `password` | the login; likewise |
| `ca.crt` | who may have signed the brokers' certificates, in PEM; else whom the system trusts |
| `user.crt`, `user.key` | what to show, in PEM; `user.skip: "true"` leaves both out |

)";

std::string kafka_config() {
  std::string out(kKafkaConfig);
  for (const KafkaProperty& property : kafka_properties()) {
    std::string value = "string";
    if (property.max > 0) {
      value =
          "integer from " + std::to_string(property.min) + " to " + std::to_string(property.max);
    }
    if (!property.words.empty()) {
      value = one_of(std::vector<std::string_view>(property.words.begin(), property.words.end()));
    }
    out += "| " + code(property.name) + " | " + value + " | " + cell(property.about) + " |\n";
  }
  return out += kKafkaSecrets;
}

std::string heading(const KindInfo& kind) {
  std::string out = "## " + std::string(kind.kind) + "\n\n`apiVersion: ";
  out += joined(kind.api_versions, "` or `apiVersion: ") + "`\n\n";
  return out + std::string(kind.about) + "\n\n";
}

}  // namespace

std::string resource_reference() {
  std::string out(kIntroduction);
  std::set<std::string_view> written;
  std::vector<const ShapeInfo*> later;
  for (const KindInfo& kind : all_kinds()) {
    out += heading(kind);
    if (kind.spec == nullptr) continue;
    out += "### " + std::string(kind.spec().name) + "\n\n";
    out += table(kind.spec(), written, later);
  }
  out += kReferences;
  out += kFilters;
  out += kafka_config();
  out += flags_and_parameters();
  out += kSchemas;
  out += kTemplates;
  out += annotations();
  out += "## Shared fields\n\n";
  later.push_back(&shape_info<MetadataFields>());
  for (std::size_t i = 0; i < later.size(); ++i) {  // It grows while its shapes are written.
    const ShapeInfo& shape = *later[i];
    out += "### " + std::string(shape.name) + "\n\n" + table(shape, written, later);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace sluice
