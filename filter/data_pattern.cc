// Alternatives and operators of the `data` dialect. The model is the pattern language of AWS
// EventBridge; what differs is in docs/data-filters.md.

#include "filter/data_pattern.h"

#include "base/edit_distance.h"
#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kAnythingBut = "anything-but";
constexpr std::string_view kExists = "exists";

/// A value that is there, and that none of these holds of.
class AnythingBut final : public DataPattern {
 public:
  explicit AnythingBut(DataAlternatives refused) : refused_(std::move(refused)) {}

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    return value.kind != DataScalar::Kind::other && !refused_.any_holds(value);
  }
  [[nodiscard]] std::string text() const override { return "is not (" + refused_.text() + ")"; }

 private:
  DataAlternatives refused_;
};

bool is_anything_but(const nlohmann::json& pattern) {
  return pattern.is_object() && pattern.contains(kAnythingBut);
}

Result<DataPatternPtr> make_anything_but(const Clause& clause) {
  const nlohmann::json& inner = clause.argument;
  const bool is_nested =
      is_anything_but(inner) || (inner.is_array() && std::ranges::any_of(inner, is_anything_but));
  if (is_nested) return bad_clause(clause.path, "'anything-but' stands in itself");
  SLUICE_TRY(auto refused, compile_data_alternatives(clause));
  if (refused.exists) {
    return bad_clause(clause.path, "'exists' stands by itself: write {exists: false} instead");
  }
  return std::make_unique<AnythingBut>(std::move(refused));
}

struct Operator {
  std::string_view name;
  Result<DataPatternPtr> (*make)(const Clause& clause);
};

constexpr auto kOperators = std::to_array<Operator>({
    {"prefix", make_prefix},
    {"suffix", make_suffix},
    {"equals-ignore-case", make_equals_ignore_case},
    {"wildcard", make_wildcard},
    {"numeric", make_numeric},
    {kAnythingBut, make_anything_but},
});

Error unknown_operator(const Clause& clause, const std::string& name) {
  std::vector<std::string_view> names;
  for (const Operator& known : kOperators) names.push_back(known.name);
  names.push_back(kExists);
  std::string why = "no operator is called " + in_quotes(name);
  if (const auto near = nearest(name, names)) {
    return bad_clause(clause.path, why + "; did you mean " + in_quotes(*near) + "?");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    why += (i == 0 ? "; known: " : ", ") + std::string(names[i]);
  }
  return bad_clause(clause.path, why + "; a member of a member is one path, e.g. order.status");
}

Result<bool> exists_in(const Clause& clause) {
  const std::string path = clause.path + "." + std::string(kExists);
  SLUICE_TRY(const std::string text, scalar_in({clause.argument.begin().value(), path}));
  if (text == "true") return true;
  if (text == "false") return false;
  return bad_clause(path, "want true or false, not " + in_quotes(text));
}

Result<void> add(const Clause& clause, DataAlternatives& alternatives) {
  const bool is_exists = clause.argument.is_object() && clause.argument.size() == 1 &&
                         clause.argument.begin().key() == kExists;
  if (!is_exists) {
    SLUICE_TRY(auto pattern, compile_data_pattern(clause));
    alternatives.patterns.push_back(std::move(pattern));
    return boost::outcome_v2::success();
  }
  SLUICE_TRY(const bool exists, exists_in(clause));
  if (alternatives.exists.value_or(exists) != exists) {
    return bad_clause(clause.path, "whether it is there or not, this passes: leave the path out");
  }
  alternatives.exists = exists;
  return boost::outcome_v2::success();
}

}  // namespace

DataScalar scalar_of(const JsonData& data, JsonData::Value value) noexcept {
  switch (data.first_char(value)) {
    case '"': {
      const auto text = data.string(value);
      if (!text) return {};
      return {DataScalar::Kind::string, *text};
    }
    case '{':
    case '[':
      return {};
    case 't':
    case 'f':
    case 'n':
      return {DataScalar::Kind::literal, data.raw(value)};
    default:
      return {DataScalar::Kind::number, data.raw(value)};
  }
}

Result<std::string> scalar_in(const Clause& clause) {
  const auto* const text = clause.argument.get_ptr<const std::string*>();
  if (text != nullptr) return *text;
  return bad_clause(clause.path, clause.argument.is_null() ? "it has no value" : "want one value");
}

Result<DataPatternPtr> compile_data_pattern(const Clause& clause) {
  if (!clause.argument.is_object()) {
    SLUICE_TRY(const std::string text, scalar_in(clause));
    return make_equals(text);
  }
  if (clause.argument.empty()) return bad_clause(clause.path, "the pattern is empty");
  const std::string& name = clause.argument.begin().key();
  if (clause.argument.size() > 1) {
    return bad_clause(clause.path,
                      "two operators in one pattern, " + in_quotes(name) + " and " +
                          in_quotes(std::next(clause.argument.begin()).key()) +
                          ": either may pass as [{...}, {...}], both must as two filters");
  }
  const auto known = std::ranges::find(kOperators, name, &Operator::name);
  if (known == kOperators.end()) return unknown_operator(clause, name);
  return known->make({clause.argument.begin().value(), clause.path + "." + name});
}

bool DataAlternatives::any_holds(const DataScalar& value) const noexcept {
  return std::ranges::any_of(patterns,
                             [&](const DataPatternPtr& pattern) { return pattern->holds(value); });
}

std::string DataAlternatives::text() const {
  std::string out;
  for (const DataPatternPtr& pattern : patterns)
    out += (out.empty() ? "" : " or ") + pattern->text();
  if (exists) out += std::string(out.empty() ? "" : " or ") + (*exists ? "is there" : "is absent");
  return out;
}

Result<DataAlternatives> compile_data_alternatives(const Clause& clause) {
  DataAlternatives alternatives;
  if (!clause.argument.is_array()) {
    SLUICE_TRY(add(clause, alternatives));
    return alternatives;
  }
  if (clause.argument.empty()) {
    return bad_clause(clause.path, "the list is empty, so nothing would pass");
  }
  for (std::size_t i = 0; i < clause.argument.size(); ++i) {
    const std::string path = clause.path + "[" + std::to_string(i) + "]";
    SLUICE_TRY(add({clause.argument[i], path}, alternatives));
  }
  return alternatives;
}

}  // namespace sluice
