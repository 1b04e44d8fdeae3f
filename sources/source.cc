#include "sources/source.h"

#include <string_view>
#include <vector>

namespace sluice {

#define SLUICE_SOURCE(kind, factory) \
  Result<std::unique_ptr<Source>> factory(const SourceSpec& spec, SourceParts parts);
#define SLUICE_READER(kind, factory) \
  Result<std::unique_ptr<Reader>> factory(const SourceSpec& spec, const ConsumerOptions& options);
#include "sources/sources.def"
#undef SLUICE_SOURCE
#undef SLUICE_READER

namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<Source>> (*make)(const SourceSpec& spec, SourceParts parts);
};

constexpr Kind kKinds[] = {
#define SLUICE_SOURCE(kind, factory) {kind, factory},
#define SLUICE_READER(kind, factory)
#include "sources/sources.def"
#undef SLUICE_SOURCE
#undef SLUICE_READER
};

struct ReaderKind {
  std::string_view name;
  Result<std::unique_ptr<Reader>> (*make)(const SourceSpec& spec, const ConsumerOptions& options);
};

// A vector, because a build may have none of them.
const std::vector<ReaderKind> kReaderKinds = {
#define SLUICE_SOURCE(kind, factory)
#define SLUICE_READER(kind, factory) {kind, factory},
#include "sources/sources.def"
#undef SLUICE_SOURCE
#undef SLUICE_READER
};

}  // namespace

Result<std::unique_ptr<Source>> make_source(const SourceSpec& spec, SourceParts parts) {
  for (const Kind& kind : kKinds) {
    if (kind.name == spec.kind) return kind.make(spec, std::move(parts));
  }
  return fail(Errc::invalid_argument, "kind: no source of kind '" + spec.kind + "'");
}

Result<std::unique_ptr<Reader>> make_reader(const SourceSpec& spec,
                                            const ConsumerOptions& options) {
  for (const ReaderKind& kind : kReaderKinds) {
    if (kind.name == spec.kind) return kind.make(spec, options);
  }
  return fail(Errc::invalid_argument, "kind: no reading source of kind '" + spec.kind + "'");
}

}  // namespace sluice
