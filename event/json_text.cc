#include "event/json_text.h"

#include "base/utf8.h"

namespace sluice {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_hex(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

const char* skip_digits(const char* p, const char* end) noexcept {
  while (p != end && is_digit(*p)) ++p;
  return p;
}

char32_t hex4(const char* digits) noexcept {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    value = value << 4 | static_cast<char32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

char simple_escape(char letter) noexcept {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // " \ /
  }
}

}  // namespace

bool is_json_number(std::string_view text) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p != end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return false;
  p = *p == '0' ? p + 1 : skip_digits(p, end);
  if (p != end && *p == '.') {
    const char* const first = ++p;
    p = skip_digits(p, end);
    if (p == first) return false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const char* const first = p;
    p = skip_digits(p, end);
    if (p == first) return false;
  }
  return p == end;
}

bool are_json_escapes_valid(std::string_view raw) noexcept {
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    if (i + 1 == raw.size()) return false;
    if (raw[i + 1] == 'u') {
      if (raw.size() - i < 6) return false;
      for (std::size_t j = i + 2; j < i + 6; ++j) {
        if (!is_hex(raw[j])) return false;
      }
    } else if (std::string_view("\"\\/bfnrt").find(raw[i + 1]) == std::string_view::npos) {
      return false;
    }
    i += 2;
  }
  return true;
}

Result<std::string_view> unescape_json(std::string_view raw, char* target) {
  char* end = target;
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      *end++ = raw[i++];
      continue;
    }
    if (raw[i + 1] != 'u') {
      *end++ = simple_escape(raw[i + 1]);
      i += 2;
      continue;
    }
    char32_t code = hex4(raw.data() + i + 2);
    i += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      const bool has_low = code < 0xdc00 && raw.substr(i).starts_with("\\u");
      const char32_t low = has_low ? hex4(raw.data() + i + 2) : 0;
      if (low < 0xdc00 || low > 0xdfff) {
        return fail(Errc::invalid_argument,
                    "holds half a surrogate pair: \\u" + std::string(raw.substr(i - 4, 4)));
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      i += 6;
    }
    end += put_utf8(code, end);
  }
  return std::string_view(target, static_cast<std::size_t>(end - target));
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, start, i - start);
    start = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out +=
            {kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 0xf]};
    }
  }
  out.append(text, start);
  out += '"';
}

}  // namespace sluice
