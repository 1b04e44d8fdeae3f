#include "inference/python_json.h"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <set>
#include <vector>

namespace sluice::inference {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 256;

void append_string(std::string_view text, std::string& out) {
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (const std::size_t i = kEscaped.find(c); i != std::string_view::npos) {
      out += {'\\', kLetters[i]};
    } else if (const auto byte = static_cast<unsigned char>(c); byte < 0x20) {
      out += {'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      out += c;
    }
  }
  out += '"';
}

/// repr(float): the fewest digits that say it, with an exponent below 1e-4 and from 1e16 on.
void append_double(double number, std::string& out) {
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.begin(), buffer.end(), number, std::chars_format::scientific);
  std::string_view text(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  int exponent = 0;
  const std::string_view digits_of_exponent = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(digits_of_exponent.begin(), digits_of_exponent.end(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += text;  // Both write at least two digits of exponent and its sign.
    return;
  }
  std::string digits(text.substr(0, 1));
  if (e > 1) digits += text.substr(2, e - 2);
  if (exponent < 0) {
    out += "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  out += digits.substr(0, whole) + "." + (digits.size() > whole ? digits.substr(whole) : "0");
}

class Writer final : public nlohmann::json_sax<json> {
 public:
  std::string out;
  std::string error;

  bool null() override { return put("null"); }
  bool boolean(bool flag) override { return put(flag ? "true" : "false"); }
  bool number_integer(std::int64_t number) override { return put(std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) override { return put(std::to_string(number)); }
  bool number_float(double number, const std::string& text) override {
    separate();
    // An integer too large for 64 bits comes here as well; Python's have no bound.
    if (text.find_first_of(".eE") == std::string::npos) {
      out += text;
    } else {
      append_double(number, out);
    }
    return true;
  }
  bool string(std::string& text) override {
    separate();
    append_string(text, out);
    return true;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open('{'); }
  bool end_object() override { return close('}'); }
  bool start_array(std::size_t) override { return open('['); }
  bool end_array() override { return close(']'); }
  bool key(std::string& name) override {
    if (!frames_.back().keys.insert(name).second) {
      error = "key '" + name + "' is given twice";
      return false;
    }
    separate();
    append_string(name, out);
    out += ": ";
    frames_.back().is_first = true;  // No comma before the value.
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& e) override {
    error = e.what();
    return false;
  }

 private:
  struct Frame {
    bool is_first = true;
    std::set<std::string, std::less<>> keys;
  };

  void separate() {
    if (frames_.empty()) return;
    if (!frames_.back().is_first) out += ", ";
    frames_.back().is_first = false;
  }
  bool put(std::string_view text) {
    separate();
    out += text;
    return true;
  }
  bool open(char bracket) {
    if (frames_.size() == kMaxDepth) {
      error = "nested too deeply";
      return false;
    }
    separate();
    out += bracket;
    frames_.emplace_back();
    return true;
  }
  bool close(char bracket) {
    frames_.pop_back();
    out += bracket;
    return true;
  }

  std::vector<Frame> frames_;
};

}  // namespace

Result<std::string> to_python_json(std::string_view text) {
  Writer writer;
  if (!json::sax_parse(text, &writer)) return fail(Errc::invalid_argument, writer.error);
  return std::move(writer.out);
}

}  // namespace sluice::inference
