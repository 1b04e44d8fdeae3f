#include "manifest/report.h"

#include "base/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t kMaxShown = 120;  // Characters of a source line; the caret stays in view.

std::string_view word(Severity severity) noexcept {
  return severity == Severity::error ? "error" : "warning";
}

struct Character {
  std::string_view bytes;
  bool unfit;  // For a terminal: a control character, or not UTF-8.
};

std::vector<Character> characters_of(std::string_view line) {
  std::vector<Character> out;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t end = i + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) ++end;
    const auto first = static_cast<unsigned char>(line[i]);
    const std::string_view bytes = line.substr(i, end - i);
    const bool control = (first < 0x20 && first != '\t') || first == 0x7F;
    out.push_back({bytes, control || first_char(bytes).size != bytes.size()});
    i = end;
  }
  return out;
}

// The source line and the caret under it, each behind a gutter.
std::string excerpt(const Finding& finding) {
  const auto characters = characters_of(finding.source_line);
  const std::size_t caret = static_cast<std::size_t>(std::max(finding.column, 1)) - 1;
  std::size_t first = 0;
  if (characters.size() > kMaxShown && caret > kMaxShown / 2) first = caret - kMaxShown / 2;
  const std::size_t last = std::min(characters.size(), first + kMaxShown);

  const std::string number = std::to_string(finding.line);
  std::string source = "  " + number + " | ";
  std::string below = "  " + std::string(number.size(), ' ') + " | ";
  if (first > 0) {
    source += "...";
    below += "   ";
  }
  for (std::size_t i = first; i < last; ++i) {
    source += characters[i].unfit ? std::string_view("?") : characters[i].bytes;
    if (i < caret) below += characters[i].bytes == "\t" ? '\t' : ' ';
  }
  if (last < characters.size()) source += "...";
  if (caret > last) below.append(caret - last, ' ');
  while (source.ends_with(' ')) source.pop_back();
  return source + '\n' + below + "^\n";
}

}  // namespace

bool Report::has_errors() const noexcept {
  return std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.severity == Severity::error; });
}

std::string to_text(const Finding& finding) {
  std::string out = finding.file + ':' + std::to_string(finding.line) + ':' +
                    std::to_string(finding.column) + ": " + std::string(word(finding.severity)) +
                    ": " + finding.message + '\n';
  if (!finding.source_line.empty()) out += excerpt(finding);
  if (!finding.hint.empty()) out += "  hint: " + finding.hint + '\n';
  return out;
}

std::string to_text(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) out += to_text(finding);
  return out;
}

std::string to_json(const Report& report) {
  auto out = nlohmann::json::array();
  for (const Finding& finding : report.findings) {
    out.push_back({{"file", finding.file},
                   {"line", finding.line},
                   {"column", finding.column},
                   {"severity", word(finding.severity)},
                   {"message", finding.message},
                   {"hint", finding.hint}});
  }
  // A file that is not UTF-8 is quoted in its own finding.
  return out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sluice
