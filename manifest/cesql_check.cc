#include "manifest/cesql_check.h"

#include "base/utf8.h"
#include "filter/cesql/advice.h"
#include "filter/cesql/expression.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
namespace {

/// Where the scalar's first character stands; nullopt where it does not stand there as it is (it
/// was folded, unescaped or expanded).
std::optional<std::size_t> text_offset(const YamlNode& scalar) {
  const std::string_view source = scalar.source->text();
  if (scalar.expanded || scalar.offset >= source.size()) return std::nullopt;
  const char first = source[scalar.offset];
  const std::size_t start = scalar.offset + (first == '\'' || first == '"' ? 1 : 0);
  if (!source.substr(start).starts_with(scalar.text)) return std::nullopt;
  return start;
}

std::size_t byte_of(std::string_view text, std::size_t column) {
  std::size_t byte = 0;
  for (std::size_t i = 1; i < column && byte < text.size(); ++i) {
    byte += std::max<std::size_t>(first_char(text.substr(byte)).size, 1);
  }
  return byte;
}

/// Where in the source a column of the expression is, and what to say of it otherwise.
struct Spot {
  Spot(const YamlNode& scalar, std::size_t column) : offset(scalar.offset) {
    if (const auto start = text_offset(scalar)) {
      offset = *start + byte_of(scalar.text, column);
    } else {
      words = "column " + std::to_string(column) + ": ";
    }
  }
  std::size_t offset;
  std::string words;
};

void refuse(const YamlNode& scalar, const CesqlError& error, Findings& findings) {
  if (scalar.broken) return;  // That was said.
  const Spot spot(scalar, error.column);
  findings.error_at(*scalar.source, spot.offset, "cesql: " + spot.words + error.detail);
}

}  // namespace

void check_cesql(const YamlNode& expression, Findings& findings) {
  const auto parsed = CesqlExpression::parse(expression.text);
  if (!parsed) {
    refuse(expression, parsed.error(), findings);
    return;
  }
  if (const auto unknown = parsed.value().unknown_function()) {
    refuse(expression, *unknown, findings);
    return;
  }
  for (const CesqlAdvice& advice : cesql_advice(parsed.value())) {
    const Spot spot(expression, advice.column);
    findings.warning_at(*expression.source, spot.offset, "cesql: " + spot.words + advice.text,
                        advice.hint);
  }
}

}  // namespace sluice
