#pragma once

#include "filter/dialect.h"
#include "filter/json_data.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A value of the data as patterns see it.
struct DataScalar {
  enum class Kind : std::uint8_t {
    string,   ///< `text` is what it says, escapes undone.
    number,   ///< As it stands.
    literal,  ///< true, false or null.
    other,    ///< An object, or a string that is no text: no pattern holds.
  };
  Kind kind = Kind::other;
  std::string_view text;
};

/// `value` is no array: patterns are asked of its elements.
[[nodiscard]] DataScalar scalar_of(const JsonData& data, JsonData::Value value) noexcept;

/// What a value must be. Immutable; holds() neither allocates nor throws.
class DataPattern {
 public:
  virtual ~DataPattern() = default;
  [[nodiscard]] virtual bool holds(const DataScalar& value) const noexcept = 0;

  /// Behind a path, for people: "= paid", "> 100 and <= 500".
  [[nodiscard]] virtual std::string text() const = 0;

  /// The one text that it wants; empty where it is none, or any of many.
  [[nodiscard]] virtual std::string_view wanted() const { return {}; }
};
using DataPatternPtr = std::unique_ptr<const DataPattern>;

/// Compiles one alternative: a text, or an object with one operator, e.g. {"prefix": "a"}; every
/// scalar in it is a string, as written.
/// Errors: invalid_argument, with the path of what is wrong.
[[nodiscard]] Result<DataPatternPtr> compile_data_pattern(const Clause& clause);

/// What is wanted at a path: one of these.
struct DataAlternatives {
  std::vector<DataPatternPtr> patterns;
  std::optional<bool> exists;  ///< {"exists": ...}: whether something must be there, or nothing.

  [[nodiscard]] bool any_holds(const DataScalar& value) const noexcept;
  [[nodiscard]] std::string text() const;
};

/// Compiles a list of alternatives, or a single one. Errors as above.
[[nodiscard]] Result<DataAlternatives> compile_data_alternatives(const Clause& clause);

/// "= TEXT": the string TEXT, and what else is written so: the number 5 (and 5.0) for "5", true,
/// false and null.
[[nodiscard]] DataPatternPtr make_equals(const std::string& text);

/// The operators, each with what stands behind its name. Errors as above.
[[nodiscard]] Result<DataPatternPtr> make_prefix(const Clause& clause);
[[nodiscard]] Result<DataPatternPtr> make_suffix(const Clause& clause);
[[nodiscard]] Result<DataPatternPtr> make_equals_ignore_case(const Clause& clause);
[[nodiscard]] Result<DataPatternPtr> make_wildcard(const Clause& clause);
[[nodiscard]] Result<DataPatternPtr> make_numeric(const Clause& clause);

/// The scalar that a clause is. Errors as above.
[[nodiscard]] Result<std::string> scalar_in(const Clause& clause);

}  // namespace sluice
