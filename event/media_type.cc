#include "event/media_type.h"

#include "base/http_head.h"

#include <algorithm>
#include <cstddef>

namespace sluice {
namespace {

constexpr std::string_view kSpace = " \t";

bool is_token_char(char c) noexcept {
  const auto lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

/// Takes a token off the front of `text`; empty where there is none.
std::string_view take_token(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_token_char(text[size])) ++size;
  const std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

/// Takes a quoted-string of printable ASCII off the front, quotes included; empty where there is
/// none.
std::string_view take_quoted(std::string_view& text) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      const std::string_view string = text.substr(0, i + 1);
      text.remove_prefix(i + 1);
      return string;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size() || text[i] < 0x20 || text[i] > 0x7e) break;
  }
  return {};
}

void skip_space(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
}

/// One `;`-separated parameter.
struct Parameter {
  std::string_view name;
  std::string_view value;  // With its quotes.
};

/// Takes `; name=value` off the front. False where it is malformed; an empty parameter is not.
bool take_parameter(std::string_view& text, Parameter& parameter) noexcept {
  parameter = {};
  skip_space(text);
  if (text.empty() || text.front() != ';') return false;
  text.remove_prefix(1);
  skip_space(text);
  if (text.empty() || text.front() == ';') return true;
  parameter.name = take_token(text);
  if (parameter.name.empty() || text.empty() || text.front() != '=') return false;
  text.remove_prefix(1);
  parameter.value = text.starts_with('"') ? take_quoted(text) : take_token(text);
  if (parameter.value.empty()) return false;
  skip_space(text);
  return true;
}

}  // namespace

bool is_media_type(std::string_view text) noexcept {
  if (take_token(text).empty() || !text.starts_with('/')) return false;
  text.remove_prefix(1);
  if (take_token(text).empty()) return false;
  Parameter parameter;
  while (!text.empty()) {
    if (!take_parameter(text, parameter)) return false;
  }
  return true;
}

std::string_view bare_media_type(std::string_view text) noexcept {
  text = text.substr(0, text.find(';'));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

bool is_json_media_type(std::string_view text) noexcept {
  const std::string_view bare = bare_media_type(text);
  if (bare.size() < 5) return false;
  const std::string_view end = bare.substr(bare.size() - 5);
  return iequals(end, "/json") || iequals(end, "+json");
}

bool is_utf8_charset(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find(';'), text.size()));
  Parameter parameter;
  while (!text.empty() && take_parameter(text, parameter)) {
    if (!iequals(parameter.name, "charset")) continue;
    std::string_view value = parameter.value;
    if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
    return iequals(value, "utf-8") || iequals(value, "utf8") || iequals(value, "us-ascii");
  }
  return true;
}

}  // namespace sluice
