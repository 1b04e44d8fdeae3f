// Any bytes as a CESQL expression, evaluated for an event with attributes of each type: no crash,
// no read past the end; what the filter passes is what evaluate() calls true, what explain() says,
// and has one of each set of its pins; what is refused has a column that is there.

#include "base/assert.h"
#include "filter/cesql/advice.h"
#include "filter/cesql/expression.h"
#include "filter/cesql_explain.h"
#include "filter/cesql_pins.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace {

const sluice::Event& event() {
  static const sluice::EventPtr event = [] {
    sluice::EventBuilder builder;
    builder.set("id", "1").set("source", "/s").set("type", "a").set("b", "true");
    builder.set("c", "5", sluice::AttributeType::integer);
    builder.set("d", "true", sluice::AttributeType::boolean);
    builder.set("e", "Grüße, 日本").set("f", "05");
    return builder.build();
  }();
  return *event;
}

bool has(const sluice::Pin& pin) {
  const auto value = event().attribute(pin.attribute);
  if (!value) return false;
  switch (pin.kind) {
    case sluice::Pin::Kind::exact:
      return *value == pin.value;
    case sluice::Pin::Kind::prefix:
      return value->starts_with(pin.value);
    default:
      return value->ends_with(pin.value);
  }
}

void check(const sluice::CesqlExpression& expression) {
  const bool passes = expression.passes(event());
  const sluice::CesqlOutcome outcome = expression.evaluate(event());
  const bool* const truth = std::get_if<bool>(&outcome.value);
  SLUICE_ASSERT(passes == (truth != nullptr && *truth && !outcome.error));
  SLUICE_ASSERT(sluice::explain_cesql(expression.tree(), event()).passes == passes);
  if (passes) {
    for (const sluice::PinSet& set : sluice::cesql_pins(expression.tree())) {
      SLUICE_ASSERT(std::ranges::any_of(set, has));
    }
  }
  (void)sluice::cesql_advice(expression);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // In a buffer that ends with the text, so that ASan sees a read past it.
  const auto copy = std::make_unique<char[]>(size);
  std::copy_n(data, size, copy.get());
  const std::string_view text(copy.get(), size);
  const auto parsed = sluice::CesqlExpression::parse(text);
  if (parsed) {
    check(parsed.value());
  } else {
    SLUICE_ASSERT(parsed.error().column >= 1 && parsed.error().column <= size + 1);
    (void)sluice::with_caret(text, parsed.error().column);
  }
  return 0;
}
