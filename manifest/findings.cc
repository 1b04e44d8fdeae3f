#include "manifest/findings.h"

#include "base/edit_distance.h"

#include <algorithm>
#include <tuple>

namespace sluice {
namespace {

auto order_of(const Finding& finding) {
  return std::tie(finding.line, finding.column, finding.severity, finding.message, finding.hint);
}

// Whether `line` has an address with a user and password, as that of a Redis may be: any finding
// could stand in it.
bool has_login(std::string_view line) {
  const std::size_t scheme = line.find("redis://");
  return scheme != std::string_view::npos && line.find('@', scheme) != std::string_view::npos;
}

}  // namespace

void Findings::error_at(const SourceText& source, std::size_t offset, std::string text,
                        std::string hint) {
  items_.push_back({&source, offset, Severity::error, std::move(text), std::move(hint), false});
  ++errors_;
}

void Findings::error(const YamlNode& at, std::string text, std::string hint) {
  if (at.broken) {
    ++errors_;
    return;
  }
  error_at(*at.source, at.offset, std::move(text), std::move(hint));
}

void Findings::secret_error(const YamlNode& at, std::string text, std::string hint) {
  const std::size_t before = items_.size();
  error(at, std::move(text), std::move(hint));
  if (items_.size() > before) items_.back().secret = true;
}

void Findings::warning(const YamlNode& at, std::string text, std::string hint) {
  warning_at(*at.source, at.offset, std::move(text), std::move(hint));
}

void Findings::warning_at(const SourceText& source, std::size_t offset, std::string text,
                          std::string hint) {
  items_.push_back({&source, offset, Severity::warning, std::move(text), std::move(hint), false});
}

Report Findings::report() const {
  std::vector<std::pair<std::size_t, Finding>> sorted;
  sorted.reserve(items_.size());
  for (const Item& item : items_) {
    Place place = item.source->place(item.offset);
    if (item.secret || has_login(place.line_text)) place.line_text.clear();
    sorted.emplace_back(item.source->order(),
                        Finding{item.source->name(), place.line, place.column, item.severity,
                                item.text, item.hint, std::move(place.line_text)});
  }
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : order_of(a.second) < order_of(b.second);
  });
  Report report;
  for (auto& [order, finding] : sorted) {
    const bool repeated = !report.findings.empty() && report.findings.back().file == finding.file &&
                          order_of(report.findings.back()) == order_of(finding);
    if (!repeated) report.findings.push_back(std::move(finding));
  }
  return report;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += separator;
    out += word;
  }
  return out;
}

std::string with_article(std::string_view noun) {
  const bool vowel = !noun.empty() && std::string_view("AEIOaeio").find(noun[0]) != noun.npos;
  return (vowel ? "an " : "a ") + std::string(noun);
}

std::string one_of(const std::vector<std::string_view>& words) {
  if (words.size() < 2) return joined(words);
  const std::vector<std::string_view> first(words.begin(), words.end() - 1);
  return joined(first) + " or " + std::string(words.back());
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& candidates,
                         std::string otherwise) {
  const auto near = nearest(name, candidates);
  return near ? "did you mean '" + std::string(*near) + "'?" : std::move(otherwise);
}

}  // namespace sluice
