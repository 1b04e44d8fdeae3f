#pragma once

#include "event/event.h"
#include "filter/cesql/arena.h"
#include "filter/cesql/error.h"
#include "filter/cesql/tree.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// Evaluates nodes of one tree for one event, until the first error (section 4.1, "fail fast"): an
/// operator whose operand has one yields the zero value of its own type. What a node yields for an
/// error of its own is what the specification says, else that zero.
///
/// Allocates nothing once the arena is warm. Strings that it returns live until the arena is reset,
/// as long as tree and event do.
class CesqlEvaluator {
 public:
  CesqlEvaluator(const CesqlTree& tree, const Event& event, CesqlArena& arena) noexcept
      : tree_(tree), event_(event), arena_(arena) {}

  /// The value as it is.
  [[nodiscard]] CesqlValue value(const CesqlNode& node) noexcept;
  /// The same for a node whose type is boolean.
  [[nodiscard]] bool boolean_value(const CesqlNode& node) noexcept;

  /// The value cast to a boolean, as AND, OR and XOR take their operands.
  [[nodiscard]] bool boolean(const CesqlNode& node) noexcept;

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// What went wrong first; failed().
  [[nodiscard]] CesqlError error() const;

 private:
  // The value of a node, cast where it is of another type.
  std::int32_t integer(const CesqlNode& node) noexcept;
  std::string_view string(const CesqlNode& node) noexcept;

  std::int32_t integer_value(const CesqlNode& node) noexcept;
  CesqlValue attribute(const CesqlNode& node) noexcept;
  CesqlValue call(const CesqlNode& node) noexcept;
  CesqlValue call_with(const CesqlNode& node, std::span<CesqlValue> arguments) noexcept;
  bool logical_not(const CesqlNode& node) noexcept;
  bool all(const CesqlNode& node, bool stop_at) noexcept;
  bool exclusive(const CesqlNode& node) noexcept;
  bool are_equal(const CesqlNode& node) noexcept;
  bool compare(const CesqlNode& node) noexcept;
  bool is_in(const CesqlNode& node) noexcept;
  bool is_like(const CesqlNode& node) noexcept;

  /// Casts in place. False, and failed(), where the value of `node` cannot be cast.
  bool cast(CesqlValue& value, CesqlType type, const CesqlNode& node) noexcept;
  std::string_view digits_of(std::int32_t number) noexcept;
  void fail(CesqlErrorKind kind, const CesqlNode& node, std::string_view detail) noexcept;

  const CesqlTree& tree_;
  const Event& event_;
  CesqlArena& arena_;
  bool failed_ = false;
  CesqlErrorKind kind_ = CesqlErrorKind::generic;
  CesqlType wanted_ = CesqlType::any;  // Of a cast.
  const CesqlNode* blamed_ = nullptr;
  std::string_view detail_;  // The value that cannot be cast, or a text.
};

}  // namespace sluice
