#include "filter/filter.h"

#include "base/utf8.h"
#include "filter/dialect.h"

#include <array>
#include <utility>

namespace sluice {

#define SLUICE_DIALECT(key, factory) Result<FilterPtr> factory(const Clause& clause);
#include "filter/dialects.def"
#undef SLUICE_DIALECT

namespace {

struct Dialect {
  std::string_view key;
  Result<FilterPtr> (*compile)(const Clause& clause);
};

constexpr auto kDialects = std::to_array<Dialect>({
#define SLUICE_DIALECT(key, factory) {key, factory},
#include "filter/dialects.def"
#undef SLUICE_DIALECT
});

std::string known_dialects() {
  std::string list;
  for (const Dialect& dialect : kDialects) {
    if (!list.empty()) list += ", ";
    list += dialect.key;
  }
  return list;
}

}  // namespace

Error bad_clause(const std::string& path, std::string_view why) {
  return fail(Errc::invalid_argument,
              path.empty() ? std::string(why) : path + ": " + std::string(why));
}

Result<FilterPtr> compile_at(const nlohmann::json& spec, const std::string& path) {
  if (!spec.is_object()) {
    return bad_clause(path, R"(want an object with one dialect, e.g. {"exact": {"type": "a"}})");
  }
  if (spec.empty()) {
    return bad_clause(path, "the filter is empty; want one of " + known_dialects());
  }
  if (spec.size() > 1) {
    return bad_clause(path, "two dialects in one filter, " + in_quotes(spec.begin().key()) +
                                " and " + in_quotes(std::next(spec.begin()).key()) +
                                ": write an object for each");
  }
  const std::string& key = spec.begin().key();
  const std::string clause_path = path.empty() ? key : path + "." + key;
  for (const Dialect& dialect : kDialects) {
    if (dialect.key == key) return dialect.compile({spec.begin().value(), clause_path});
  }
  return bad_clause(path,
                    "unknown filter dialect " + in_quotes(key) + "; known: " + known_dialects());
}

Result<FilterPtr> compile_filter(const nlohmann::json& spec) { return compile_at(spec, ""); }

Result<FilterPtr> compile_filters(const nlohmann::json& filters) {
  if (!filters.is_array()) return bad_clause("filters", "want a list of filters");
  std::vector<FilterPtr> compiled;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    SLUICE_TRY(auto filter, compile_at(filters[i], "filters[" + std::to_string(i) + "]"));
    compiled.push_back(std::move(filter));
  }
  return all_of(std::move(compiled));
}

std::vector<std::string_view> filter_dialects() {
  std::vector<std::string_view> keys;
  keys.reserve(std::size(kDialects));
  for (const Dialect& dialect : kDialects) keys.push_back(dialect.key);
  return keys;
}

}  // namespace sluice
