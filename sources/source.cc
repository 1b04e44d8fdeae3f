#include "sources/source.h"

#include <string_view>

namespace sluice {

#define SLUICE_SOURCE(kind, factory) \
  Result<std::unique_ptr<Source>> factory(const SourceSpec& spec, SinkPtr sink, Core& core);
#include "sources/sources.def"
#undef SLUICE_SOURCE

namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<Source>> (*make)(const SourceSpec& spec, SinkPtr sink, Core& core);
};

constexpr Kind kKinds[] = {
#define SLUICE_SOURCE(kind, factory) {kind, factory},
#include "sources/sources.def"
#undef SLUICE_SOURCE
};

}  // namespace

Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec, SinkPtr sink, Core& core) {
  for (const Kind& kind : kKinds) {
    if (kind.name == spec.kind) return kind.make(spec, std::move(sink), core);
  }
  return fail(Errc::invalid_argument, "kind: no source of kind '" + spec.kind + "'");
}

}  // namespace sluice
