// The patterns of the `data` dialect that look at text: a value as written, prefix, suffix,
// equals-ignore-case, wildcard. Case is that of ASCII letters; bytes are compared otherwise.

#include "base/utf8.h"
#include "event/json_text.h"
#include "filter/data_pattern.h"
#include "filter/json_number.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

using Kind = DataScalar::Kind;

constexpr std::size_t kMaxWildcardBytes = 256;  // A value is gone through once for each piece.

enum class Case : bool { same, any };

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_equal(std::string_view a, std::string_view b, Case letters) noexcept {
  if (letters == Case::same) return a == b;
  return std::ranges::equal(a, b, {}, lower, lower);
}

class Equals final : public DataPattern {
 public:
  explicit Equals(std::string text) : text_(std::move(text)) {
    if (is_json_number(text_)) number_.emplace(text_);
  }

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    if (value.kind == Kind::other) return false;
    if (value.kind == Kind::number) return number_ && *number_ == JsonNumber(value.text);
    return value.text == text_;
  }
  [[nodiscard]] std::string text() const override { return "= " + text_; }
  [[nodiscard]] std::string_view wanted() const override { return text_; }

 private:
  const std::string text_;
  std::optional<JsonNumber> number_;  // Looks at text_.
};

class EqualsIgnoreCase final : public DataPattern {
 public:
  explicit EqualsIgnoreCase(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    return value.kind == Kind::string && is_equal(value.text, text_, Case::any);
  }
  [[nodiscard]] std::string text() const override { return "= " + text_ + " in any case"; }
  [[nodiscard]] std::string_view wanted() const override { return text_; }

 private:
  std::string text_;
};

enum class End : bool { front, back };

class Affix final : public DataPattern {
 public:
  Affix(End end, std::string text, Case letters)
      : text_(std::move(text)), end_(end), letters_(letters) {}

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    if (value.kind != Kind::string || value.text.size() < text_.size()) return false;
    const std::size_t start = end_ == End::front ? 0 : value.text.size() - text_.size();
    return is_equal(value.text.substr(start, text_.size()), text_, letters_);
  }
  [[nodiscard]] std::string text() const override {
    return (end_ == End::front ? "starts with " : "ends with ") + text_ +
           (letters_ == Case::any ? " in any case" : "");
  }

 private:
  std::string text_;
  End end_;
  Case letters_;
};

/// Text with stars for any run of bytes, an empty one too.
class Wildcard final : public DataPattern {
 public:
  Wildcard(std::string text, std::vector<std::string> pieces)
      : text_(std::move(text)), pieces_(std::move(pieces)) {}

  [[nodiscard]] bool holds(const DataScalar& value) const noexcept override {
    if (value.kind != Kind::string) return false;
    std::string_view rest = value.text;
    const std::string& front = pieces_.front();
    const std::string& back = pieces_.back();
    if (pieces_.size() == 1) return rest == front;
    if (rest.size() < front.size() + back.size()) return false;
    if (!rest.starts_with(front) || !rest.ends_with(back)) return false;
    rest = rest.substr(front.size(), rest.size() - front.size() - back.size());
    for (std::size_t i = 1; i + 1 < pieces_.size();
         ++i) {  // The first place leaves most behind it.
      const std::size_t at = rest.find(pieces_[i]);
      if (at == std::string_view::npos) return false;
      rest.remove_prefix(at + pieces_[i].size());
    }
    return true;
  }
  [[nodiscard]] std::string text() const override { return "is like " + text_; }

 private:
  std::string text_;                 // As written.
  std::vector<std::string> pieces_;  // Between the stars; one without a star.
};

Result<std::string> text_in(const Clause& clause) {
  SLUICE_TRY(std::string text, scalar_in(clause));
  if (text.empty()) return bad_clause(clause.path, "the value is empty: any string would pass");
  return text;
}

/// "a", or {"equals-ignore-case": "a"}.
Result<DataPatternPtr> make_affix(End end, const Clause& clause) {
  constexpr std::string_view kIgnoreCase = "equals-ignore-case";
  const nlohmann::json& argument = clause.argument;
  const bool any_case =
      argument.is_object() && argument.size() == 1 && argument.begin().key() == kIgnoreCase;
  const std::string path = any_case ? clause.path + "." + std::string(kIgnoreCase) : clause.path;
  SLUICE_TRY(auto text, text_in({any_case ? argument.begin().value() : argument, path}));
  return std::make_unique<Affix>(end, std::move(text), any_case ? Case::any : Case::same);
}

}  // namespace

DataPatternPtr make_equals(const std::string& text) { return std::make_unique<Equals>(text); }

Result<DataPatternPtr> make_prefix(const Clause& clause) { return make_affix(End::front, clause); }

Result<DataPatternPtr> make_suffix(const Clause& clause) { return make_affix(End::back, clause); }

Result<DataPatternPtr> make_equals_ignore_case(const Clause& clause) {
  SLUICE_TRY(auto text, scalar_in(clause));
  return std::make_unique<EqualsIgnoreCase>(std::move(text));
}

Result<DataPatternPtr> make_wildcard(const Clause& clause) {
  SLUICE_TRY(auto text, text_in(clause));
  if (text.size() > kMaxWildcardBytes) {
    return bad_clause(clause.path, "longer than " + std::to_string(kMaxWildcardBytes) + " bytes");
  }
  std::vector<std::string> pieces(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      pieces.emplace_back();
      continue;
    }
    if (text[i] == '\\' && (++i == text.size() || (text[i] != '*' && text[i] != '\\'))) {
      return bad_clause(clause.path, R"(a backslash is written \\, and a star \*)");
    }
    pieces.back() += text[i];
  }
  return std::make_unique<Wildcard>(std::move(text), std::move(pieces));
}

}  // namespace sluice
