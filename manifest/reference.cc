#include "manifest/reference.h"

#include "manifest/annotations.h"
#include "manifest/common_fields.h"
#include "manifest/kind.h"

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
  and `[ ]`, put quotes around them.
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

- a Broker, Channel, InMemoryChannel, Sequence, Parallel or EventDisplay of the same manifests, in
  process;
- a Service: to its annotation `sluice.dev/url`; else to the URL of `--resolve NAMESPACE/NAME=URL`;
  else, with `--cluster-domain svc.cluster.local`, to `http://NAME.NAMESPACE.svc.cluster.local`;
  else it is an error.

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

Values compare with the attribute's CloudEvents string form. A filter that is broken is an error of
its Trigger, never skipped.

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
  std::vector<std::string_view> not_yet;
  for (const KindInfo& kind : all_kinds()) {
    if (!kind.in_version) {
      not_yet.push_back(kind.kind);
      continue;
    }
    out += heading(kind);
    if (kind.spec == nullptr) continue;
    out += "### " + std::string(kind.spec().name) + "\n\n";
    out += table(kind.spec(), written, later);
  }
  out += kReferences;
  out += kFilters;
  out += annotations();
  out += "## Shared fields\n\n";
  later.push_back(&shape_info<MetadataFields>());
  for (std::size_t i = 0; i < later.size(); ++i) {  // It grows while its shapes are written.
    const ShapeInfo& shape = *later[i];
    out += "### " + std::string(shape.name) + "\n\n" + table(shape, written, later);
  }
  out += "## Not in this version\n\n" + joined(not_yet) + ": refused by name.\n";
  return out;
}

}  // namespace sluice
