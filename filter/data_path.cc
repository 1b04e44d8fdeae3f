#include "filter/data_path.h"

#include "base/utf8.h"
#include "event/json_scanner.h"

#include <charconv>
#include <utility>

namespace sluice {
namespace {

constexpr std::size_t kMaxSteps = JsonScanner::kMaxDepth;  // There is nothing deeper.

std::optional<std::uint32_t> index_of(std::string_view name) noexcept {
  constexpr std::size_t kMostDigits = 9;
  if (name.empty() || name.size() > kMostDigits || (name.size() > 1 && name[0] == '0')) {
    return std::nullopt;
  }
  std::uint32_t index = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data(), end, index);
  if (error != std::errc() || rest != end) return std::nullopt;
  return index;
}

Error bad_path(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, in_quotes(text) + " is no path: " + std::string(why));
}

/// A step of a pointer, ~1 and ~0 undone.
std::optional<std::string> unescaped(std::string_view step) {
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] != '~') {
      name += step[i];
      continue;
    }
    const char which = ++i < step.size() ? step[i] : '\0';
    if (which != '0' && which != '1') return std::nullopt;
    name += which == '0' ? '~' : '/';
  }
  return name;
}

}  // namespace

Result<DataPath> DataPath::parse(std::string_view text) {
  DataPath path;
  path.text_ = text;
  path.is_pointer_ = text.empty() || text.front() == '/';
  if (text.empty()) return path;
  if (!is_utf8(text)) return bad_path(text, "it is not UTF-8");
  if (text.starts_with("$.") || text.starts_with("$[")) {
    return bad_path(text, "leave out the '$' and what follows it: a path begins with a name");
  }
  if (!path.is_pointer_ && text.find('[') != std::string_view::npos) {
    return bad_path(text, "write an index between points, items.0.sku, or a JSON Pointer");
  }
  const char between = path.is_pointer_ ? '/' : '.';
  std::string_view rest = path.is_pointer_ ? text.substr(1) : text;
  for (bool more = true; more;) {
    const std::size_t end = rest.find(between);
    const std::string_view step = rest.substr(0, end);
    more = end != std::string_view::npos;
    if (more) rest.remove_prefix(end + 1);
    if (step.empty() && !path.is_pointer_) {
      return bad_path(text, "a name is empty; write a JSON Pointer if that is meant");
    }
    auto name = path.is_pointer_ ? unescaped(step) : std::string(step);
    if (!name) return bad_path(text, "'~' in a JSON Pointer is written ~0, and '/' in a name ~1");
    const auto index = index_of(*name);
    path.steps_.push_back({std::move(*name), index});
    if (path.steps_.size() > kMaxSteps) return bad_path(text, "it is deeper than data can be");
  }
  return path;
}

std::string DataPath::below(std::string_view prefix) const {
  return std::string(prefix) + (is_pointer_ ? "" : ".") + text_;
}

}  // namespace sluice
