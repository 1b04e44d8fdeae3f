#include "cli/token_ids.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace sluice {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

}  // namespace

Result<std::vector<inference::TokenId>> parse_token_ids(std::string_view text, std::int64_t size) {
  std::string_view rest = trimmed(text);
  const bool is_array = rest.starts_with('[');
  if (is_array != rest.ends_with(']')) {
    return fail(Errc::invalid_argument,
                "ids are written 1,2,3 or [1,2,3], not '" + std::string(rest.substr(0, 40)) + "'");
  }
  if (is_array) rest = trimmed(rest.substr(1, rest.size() - 2));
  std::vector<inference::TokenId> ids;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view word = trimmed(rest.substr(0, comma));
    inference::TokenId id = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    if (word.empty() || error != std::errc() || end != word.data() + word.size()) {
      return fail(Errc::invalid_argument, "'" + std::string(word) + "' is no token id");
    }
    if (id < 0 || id >= size) {
      return fail(Errc::invalid_argument, "token id " + std::to_string(id) + " is not from 0 to " +
                                              std::to_string(size - 1));
    }
    ids.push_back(id);
    if (comma + 1 == rest.size()) return fail(Errc::invalid_argument, "'' is no token id");
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return ids;
}

}  // namespace sluice
