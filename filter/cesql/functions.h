#pragma once

#include "base/result.h"
#include "filter/cesql/arena.h"
#include "filter/cesql/error.h"
#include "filter/cesql/value.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One call of a function: its arguments, already cast, and where to put what it makes.
class CesqlCall {
 public:
  CesqlCall(std::span<const CesqlValue> arguments, CesqlArena& arena) noexcept
      : arguments_(arguments), arena_(arena) {}

  [[nodiscard]] std::size_t size() const noexcept { return arguments_.size(); }
  [[nodiscard]] std::string_view text(std::size_t i) const noexcept { return arguments_[i].text; }
  [[nodiscard]] std::int32_t number(std::size_t i) const noexcept { return arguments_[i].number; }
  [[nodiscard]] const CesqlValue& value(std::size_t i) const noexcept { return arguments_[i]; }

  /// Room for a string that is returned; null where the evaluation has used up its memory, which
  /// fail() was told by then.
  [[nodiscard]] char* take(std::size_t bytes) noexcept;

  /// The call has failed; what it returns is still the value of the expression where nothing stands
  /// around it. `detail` lives as long as the program.
  void fail(CesqlErrorKind kind, std::string_view detail) noexcept {
    if (failed_) return;
    failed_ = true;
    kind_ = kind;
    detail_ = detail;
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] CesqlErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view detail() const noexcept { return detail_; }

 private:
  std::span<const CesqlValue> arguments_;
  CesqlArena& arena_;
  bool failed_ = false;
  CesqlErrorKind kind_ = CesqlErrorKind::function_evaluation;
  std::string_view detail_;
};

/// A function of the language. It is pure and total: for all arguments of these types it returns a
/// value of type `result`, quickly, without allocating; it may be called on any core.
struct CesqlFunction {
  std::string name;                    ///< Letters and `_`, upper case; found in any case.
  std::vector<CesqlType> parameters;   ///< `any` takes a value of each type as it is.
  std::optional<CesqlType> rest = {};  ///< Where it takes any number of arguments behind them.
  CesqlType result = CesqlType::boolean;
  CesqlValue (*call)(CesqlCall& call) noexcept = nullptr;

  [[nodiscard]] bool takes(std::size_t count) const noexcept {
    return rest ? count >= parameters.size() : count == parameters.size();
  }
};

/// The functions that expressions may call. A file of functions is one line in functions.def.
class CesqlFunctions {
 public:
  /// The built-in ones of section 3.5, and those that stand in functions.def beside them.
  [[nodiscard]] static const CesqlFunctions& builtin();

  /// Errors: invalid_argument when the name is none, or when a call could mean two functions
  /// (section 3.5: one function for each name and number of arguments; a variadic one wants more
  /// arguments than all others of its name have).
  Result<void> add(CesqlFunction function);

  /// Null where there is none. The address is good until the next add().
  [[nodiscard]] const CesqlFunction* find(std::string_view name, std::size_t arguments) const;

  /// All of that name, in any case.
  [[nodiscard]] std::vector<const CesqlFunction*> named(std::string_view name) const;

  [[nodiscard]] std::vector<std::string_view> names() const;

 private:
  std::vector<CesqlFunction> functions_;
};

}  // namespace sluice
