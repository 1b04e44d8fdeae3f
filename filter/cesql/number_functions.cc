// Casts and arithmetic that are written as calls: INT, BOOL, STRING (CESQL 1.0, section 3.7) and
// ABS (3.5.2).

#include "filter/cesql/functions.h"

#include <limits>

namespace sluice {
namespace {

CesqlValue cast_to_integer(CesqlCall& call) noexcept {
  const CesqlValue& value = call.value(0);
  if (value.type != CesqlType::string) return CesqlValue::of(value.number);
  const auto number = cesql_integer(value.text);
  if (!number) call.fail(CesqlErrorKind::cast, "the String is no Integer of 32 bits");
  return CesqlValue::of(number.value_or(0));
}

CesqlValue cast_to_boolean(CesqlCall& call) noexcept {
  const CesqlValue& value = call.value(0);
  if (value.type != CesqlType::string) return CesqlValue::of(value.boolean());
  const auto truth = cesql_boolean(value.text);
  if (!truth) call.fail(CesqlErrorKind::cast, "the String is neither true nor false");
  return CesqlValue::of(truth.value_or(false));
}

// The argument was cast on its way in.
CesqlValue cast_to_string(CesqlCall& call) noexcept { return call.value(0); }

CesqlValue absolute(CesqlCall& call) noexcept {
  constexpr std::int32_t kLowest = std::numeric_limits<std::int32_t>::min();
  const std::int32_t value = call.number(0);
  if (value == kLowest) {
    call.fail(CesqlErrorKind::math, "2147483648 is out of an Integer's 32 bits");
    return CesqlValue::of(std::numeric_limits<std::int32_t>::max());
  }
  return CesqlValue::of(value < 0 ? -value : value);
}

}  // namespace

Result<void> add_number_functions(CesqlFunctions& functions) {
  using Type = CesqlType;
  SLUICE_TRY(functions.add({"INT", {Type::any}, {}, Type::integer, cast_to_integer}));
  SLUICE_TRY(functions.add({"BOOL", {Type::any}, {}, Type::boolean, cast_to_boolean}));
  SLUICE_TRY(functions.add({"STRING", {Type::string}, {}, Type::string, cast_to_string}));
  return functions.add({"ABS", {Type::integer}, {}, Type::integer, absolute});
}

}  // namespace sluice
