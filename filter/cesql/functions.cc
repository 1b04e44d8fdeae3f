#include "filter/cesql/functions.h"

#include "base/assert.h"
#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace sluice {

#define SLUICE_CESQL_FUNCTIONS(add) Result<void> add(CesqlFunctions& functions);
#include "filter/cesql/functions.def"
#undef SLUICE_CESQL_FUNCTIONS

namespace {

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_same_name(std::string_view any_case, std::string_view name) noexcept {
  return std::ranges::equal(any_case, name, [](char a, char b) { return upper(a) == b; });
}

bool is_name(std::string_view text) noexcept {
  const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || c == '_'; });
}

/// Whether one call could mean either.
bool clash(const CesqlFunction& a, const CesqlFunction& b) noexcept {
  const std::size_t a_size = a.parameters.size();
  const std::size_t b_size = b.parameters.size();
  if (a.rest && b.rest) return true;
  if (a.rest) return b_size >= a_size;
  return b.rest ? a_size >= b_size : a_size == b_size;
}

}  // namespace

char* CesqlCall::take(std::size_t bytes) noexcept {
  char* const room = arena_.take<char>(bytes);
  if (room == nullptr) {
    fail(CesqlErrorKind::generic, "the strings of one evaluation are longer than 1 MiB");
  }
  return room;
}

const CesqlFunctions& CesqlFunctions::builtin() {
  static const CesqlFunctions functions = [] {
    CesqlFunctions all;
#define SLUICE_CESQL_FUNCTIONS(add_to) SLUICE_ASSERT(add_to(all).has_value());
#include "filter/cesql/functions.def"
#undef SLUICE_CESQL_FUNCTIONS
    return all;
  }();
  return functions;
}

Result<void> CesqlFunctions::add(CesqlFunction function) {
  if (!is_name(function.name)) {
    return fail(Errc::invalid_argument, in_quotes(function.name) +
                                            " cannot be a function's name: upper-case letters and "
                                            "'_', beginning with a letter");
  }
  for (const CesqlFunction& other : functions_) {
    if (other.name == function.name && clash(other, function)) {
      return fail(Errc::invalid_argument,
                  "function " + function.name + " is there already with as many arguments");
    }
  }
  functions_.push_back(std::move(function));
  return boost::outcome_v2::success();
}

const CesqlFunction* CesqlFunctions::find(std::string_view name, std::size_t arguments) const {
  const auto it = std::ranges::find_if(functions_, [&](const CesqlFunction& function) {
    return function.takes(arguments) && is_same_name(name, function.name);
  });
  return it == functions_.end() ? nullptr : &*it;
}

std::vector<const CesqlFunction*> CesqlFunctions::named(std::string_view name) const {
  std::vector<const CesqlFunction*> found;
  for (const CesqlFunction& function : functions_) {
    if (is_same_name(name, function.name)) found.push_back(&function);
  }
  return found;
}

std::vector<std::string_view> CesqlFunctions::names() const {
  std::vector<std::string_view> names;
  for (const CesqlFunction& function : functions_) {
    // Those of one name were added one after the other, as a rule.
    if (names.empty() || names.back() != function.name) names.emplace_back(function.name);
  }
  return names;
}

}  // namespace sluice
