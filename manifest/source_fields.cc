#include "manifest/source_fields.h"

#include "manifest/annotations.h"

namespace sluice {

void read_overrides(const Value<OverridesFields>& overrides, SourceSpec& spec, Findings& findings) {
  if (!overrides) return;
  for (const auto& [name, value] : *overrides->extensions) {
    if (check_extension_name(name, *value.node, findings)) spec.ce_overrides.emplace(name, *value);
  }
}

ReadingSourceSpec make_reading_source(const ReadingFields& fields, const DeliveryPolicy& standard,
                                      const Resource& resource, Build& build) {
  ReadingSourceSpec spec;
  spec.source.kind = resource.kind->kind;
  spec.source.ns = resource.ns;
  spec.source.name = resource.name;
  read_overrides(fields.ce_overrides, spec.source, build.findings);
  spec.dispatch.ns = resource.ns;
  spec.dispatch.name = resource.name;
  read_dispatch_annotations(resource, spec.dispatch, build.findings);
  const auto sink = resolve(fields.sink, resource, build);
  if (sink) spec.source.sink = spec.dispatch.subscriber = *sink;
  spec.dispatch.delivery = read_delivery(fields.delivery, standard, resource, build);
  warn_if_dead_letters_return(spec.dispatch.delivery, sink, fields.delivery, build);
  if (fields.consumers) spec.readers = static_cast<std::size_t>(*fields.consumers);
  return spec;
}

template <>
const Shape<OverridesFields>& shape_of() {
  static const Shape<OverridesFields> shape(
      "ceOverrides", {field<&OverridesFields::extensions>(
                         {"extensions", "Extension attributes that every event gets."})});
  return shape;
}

}  // namespace sluice
