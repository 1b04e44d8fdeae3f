// PingSource (sources.knative.dev/v1): an event at fixed times. What its own fields may be is known
// to sources/ping_source_spec.h.

#include "manifest/source_fields.h"
#include "sources/ping_source_spec.h"

#include <array>

namespace sluice {
namespace {

struct PingSourceFields {
  Value<std::string> schedule;
  Value<std::string> timezone;
  Value<std::string> content_type;
  Value<std::string> data;
  Value<std::string> data_base64;
  Value<OverridesFields> ce_overrides;
  Value<DestinationFields> sink;
};

struct OwnField {
  const char* key;
  const Value<std::string>* value;
};

std::array<OwnField, 5> own_fields(const PingSourceFields& fields) {
  return {{{"schedule", &fields.schedule},
           {"timezone", &fields.timezone},
           {"contentType", &fields.content_type},
           {"data", &fields.data},
           {"dataBase64", &fields.data_base64}}};
}

// The node of the field that `detail` ("schedule: ...") begins with; the whole resource otherwise.
const YamlNode& place_of(const std::string& detail, const PingSourceFields& fields,
                         const Resource& resource) {
  for (const auto& [key, value] : own_fields(fields)) {
    if (*value && detail.starts_with(std::string(key) + ":")) return *value->node;
  }
  return *resource.at;
}

void build_ping_source(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<PingSourceFields>(resource);
  SourceSpec spec;
  spec.kind = "PingSource";
  spec.ns = resource.ns;
  spec.name = resource.name;
  for (const auto& [key, value] : own_fields(fields)) {
    if (*value) spec.spec[key] = **value;
  }
  // One field after the other, so that all of them are reported.
  for (std::size_t round = 0; round < 5; ++round) {
    const auto valid = validate_ping_spec(spec.spec);
    if (valid) break;
    const std::string& detail = valid.error().detail;
    build.findings.error(place_of(detail, fields, resource), detail);
    const std::string field = detail.substr(0, detail.find(':'));
    if (spec.spec.erase(field) == 0) break;
  }
  for (const std::string& warning : ping_warnings(spec.spec)) {
    build.findings.warning(place_of(warning, fields, resource), warning);
  }
  read_overrides(fields.ce_overrides, spec, build.findings);
  if (const auto sink = resolve(fields.sink, resource, build)) spec.sink = *sink;
  build.graph.sources.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<PingSourceFields>& shape_of() {
  using Fields = PingSourceFields;
  static const Shape<Fields> shape(
      "PingSource spec",
      {
          field<&Fields::schedule>({"schedule",
                                    "Cron with 5 fields, or 6 with seconds first; @hourly, @daily, "
                                    "@weekly, @monthly, @yearly; @every 30s.",
                                    false, "* * * * *"}),
          field<&Fields::timezone>(
              {"timezone", "Of the schedule, e.g. Europe/Berlin.", false, "UTC"}),
          field<&Fields::content_type>(
              {"contentType", "The datacontenttype of the events.", false, "none is set"}),
          field<&Fields::data>({"data", "The data of the events, as text.", false, "no data"}),
          field<&Fields::data_base64>(
              {"dataBase64", "The same in base64; one of the two.", false, "no data"}),
          field<&Fields::ce_overrides>(kOverrides),
          field<&Fields::sink>({"sink", "Where the events go.", true}),
      });
  return shape;
}

KindInfo ping_source_kind() {
  KindInfo info;
  info.kind = "PingSource";
  info.api_versions = {"sources.knative.dev/v1"};
  info.about = "Sends an event of type `dev.knative.sources.ping` at fixed times.";
  info.spec = &shape_info<PingSourceFields>;
  info.build = build_ping_source;
  return info;
}

}  // namespace sluice
