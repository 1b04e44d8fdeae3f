// The implicit casts of an evaluation (CESQL 1.0, section 3.7).

#include "filter/cesql/evaluator.h"

#include <charconv>

namespace sluice {

using Type = CesqlType;
using Value = CesqlValue;
using Kind = CesqlErrorKind;

bool CesqlEvaluator::cast(Value& value, Type type, const CesqlNode& node) noexcept {
  if (value.type == type) return true;
  if (type == Type::string) {
    value = Value::of(value.type == Type::integer ? digits_of(value.number)
                      : value.boolean()           ? std::string_view("true")
                                                  : std::string_view("false"));
    return !failed_;
  }
  if (value.type == Type::string) {
    const auto number = type == Type::integer ? cesql_integer(value.text) : std::nullopt;
    const auto truth = type == Type::boolean ? cesql_boolean(value.text) : std::nullopt;
    if (!number && !truth) {
      wanted_ = type;
      fail(Kind::cast, node, value.text);
      return false;
    }
    value = number ? Value::of(*number) : Value::of(*truth);
    return true;
  }
  value = type == Type::integer ? Value::of(value.number) : Value::of(value.boolean());
  return true;
}

std::string_view CesqlEvaluator::digits_of(std::int32_t number) noexcept {
  constexpr std::size_t kMost = 11;
  char* const room = arena_.take<char>(kMost);
  if (room == nullptr) {
    fail(Kind::generic, tree_.root(), "the strings of one evaluation are longer than 1 MiB");
    return {};
  }
  const auto [end, error] = std::to_chars(room, room + kMost, number);
  return {room, static_cast<std::size_t>(end - room)};
}

}  // namespace sluice
