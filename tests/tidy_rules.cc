// The house rules as functions over text: budgets, layers, bans and words. They read C++ the way
// grep does, with comments and literals blanked out; they need not understand it, only be cheap,
// certain about what they report, and small enough to be read.

#include "tests/tidy_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <set>

namespace sluice::tidy {
namespace {

constexpr std::size_t kMaxColumns = 100;
constexpr std::size_t kMaxHeaderLines = 150;
constexpr std::size_t kMaxSourceLines = 300;
constexpr std::size_t kHardSourceLines = 500;  // Tests and benchmarks: tables are long.
constexpr std::size_t kMaxFunctionLines = 60;
constexpr std::size_t kHardFunctionLines = 70;  // Tests and benchmarks.

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](auto prefix) { return text.starts_with(prefix); });
}

bool is_header(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cuh"); }

std::string folder_of(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

bool in_product(std::string_view path) { return !starts_with_any(path, {"tests/", "bench/"}); }

std::size_t line_at(std::string_view text, std::size_t offset) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
  return 1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t columns_of(std::string_view line) {  // Characters, not bytes.
  return static_cast<std::size_t>(std::ranges::count_if(
      line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

const Exception* find_exception(const std::vector<Exception>& exceptions, std::string_view file,
                                std::string_view rule) {
  const auto it = std::ranges::find_if(
      exceptions, [&](const Exception& e) { return e.file == file && e.rule == rule; });
  return it == exceptions.end() ? nullptr : &*it;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The position of the last character before `at` that is no white space; npos when there is none.
std::size_t previous(std::string_view code, std::size_t at) {
  return at == 0 ? std::string_view::npos : code.find_last_not_of(" \t\n", at - 1);
}

std::string_view word_before(std::string_view code, std::size_t at) {
  const std::size_t last = previous(code, at);
  if (last == std::string_view::npos) return {};
  std::size_t first = last + 1;
  while (first > 0 && is_word(code[first - 1])) --first;
  return code.substr(first, last + 1 - first);
}

/// The position just behind the bracket that closes the one at `open`; the end where it is missing.
std::size_t skip_bracket(std::string_view code, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    if (std::string_view("([{").find(code[i]) != std::string_view::npos) ++depth;
    if (std::string_view(")]}").find(code[i]) != std::string_view::npos && --depth == 0)
      return i + 1;
  }
  return code.size();
}

/// Whether the brace at `at` opens the body of a lambda (or of a function), not a braced list.
bool opens_body(std::string_view code, std::size_t at) {
  const std::size_t last = previous(code, at);
  if (last == std::string_view::npos) return false;
  const std::string_view word = word_before(code, at);
  return code[last] == ')' || code[last] == ']' || word == "mutable" || word == "noexcept";
}

void report_each(const std::string& path, std::string_view code, const char* pattern,
                 const char* what, std::vector<Violation>& found) {
  const std::regex regex(pattern);
  using Iterator = std::regex_iterator<std::string_view::const_iterator>;
  for (Iterator it(code.begin(), code.end(), regex), end; it != end; ++it) {
    auto at = static_cast<std::size_t>(it->position());
    if (code[at] == '\n') ++at;  // The pattern began at a line's start.
    found.push_back({path, line_at(code, at), what});
  }
}

/// Blanks [first, last) but for line breaks.
void blank(std::string& text, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i < std::min(last, text.size()); ++i) {
    if (text[i] != '\n') text[i] = ' ';
  }
}

/// The position behind the literal whose opening quote is at `open`.
std::size_t skip_literal(std::string_view text, std::size_t open) {
  if (text[open] == '"' && open > 0 && text[open - 1] == 'R') {
    const std::size_t paren = text.find('(', open);
    if (paren == std::string_view::npos) return text.size();
    const auto end_mark = ")" + std::string(text.substr(open + 1, paren - open - 1)) + "\"";
    const std::size_t end = text.find(end_mark, paren);
    return end == std::string_view::npos ? text.size() : end + end_mark.size();
  }
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == text[open])
      return i + 1;
  }
  return text.size();
}

/// What an opening brace at namespace or class level begins.
enum class Scope { names, function, other };

Scope scope_of(const std::string& head) {
  static const std::regex names(R"(\b(namespace|class|struct|union|extern)\b)");
  const std::size_t first = head.find_first_not_of(" \t\n");
  // A constructor's braced initialiser has just been closed: its body, or the next initialiser.
  if (first == std::string::npos || head[first] == ',') return Scope::function;
  const std::size_t paren = head.find('(');
  std::smatch match;
  if (std::regex_search(head, match, names) &&
      (paren == std::string::npos || static_cast<std::size_t>(match.position()) < paren ||
       head.find(')', paren) == std::string::npos)) {
    return Scope::names;
  }
  // `table = make({ ... })` is data, and so is everything without parameters.
  const bool data = head.find('=') < paren && head.find("operator") == std::string::npos;
  return paren != std::string::npos && !data ? Scope::function : Scope::other;
}

}  // namespace

std::string to_string(const Violation& violation) {
  return violation.file + ":" + std::to_string(violation.line) + ": " + violation.what;
}

std::string code_only(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) == "//") {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      blank(code, i, end);
      i = end;
    } else if (text.substr(i, 2) == "/*") {
      const std::size_t end = std::min(text.find("*/", i), text.size() - 2) + 2;
      blank(code, i, end);
      i = end;
    } else if (text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_word(text[i - 1])))) {
      const std::size_t end = skip_literal(text, i);
      blank(code, i + 1, end - 1);
      i = end;
    } else {
      ++i;
    }
  }
  return code;
}

void check_sizes(const std::string& path, std::string_view text,
                 const std::vector<Exception>& exceptions, std::vector<Violation>& found) {
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (columns_of(lines[i]) > kMaxColumns) {
      found.push_back({path, i + 1, "more than 100 columns"});
    }
  }
  std::size_t limit = is_header(path)    ? kMaxHeaderLines
                      : in_product(path) ? kMaxSourceLines
                                         : kHardSourceLines;
  if (const Exception* exception = find_exception(exceptions, path, "file")) {
    if (lines.size() <= limit) {
      found.push_back({path, 1, "is within its budget again: take it off the exceptions"});
    }
    limit = std::min(exception->value, kHardSourceLines);
  }
  if (lines.size() > limit) {
    found.push_back({path, lines.size(),
                     "has " + std::to_string(lines.size()) + " lines, the budget is " +
                         std::to_string(limit) + ": split it along a noun"});
  }
}

void check_functions(const std::string& path, std::string_view code,
                     const std::vector<Exception>& exceptions, std::vector<Violation>& found) {
  std::size_t limit = in_product(path) ? kMaxFunctionLines : kHardFunctionLines;
  if (const Exception* exception = find_exception(exceptions, path, "function")) {
    limit = std::min(exception->value, kHardFunctionLines);
  }
  std::size_t head = 0;  // Where the text before the next brace begins.
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '\n' && code.substr(line_start, 1) == "#") head = i + 1;  // A directive is no head.
    if (c == '\n') line_start = i + 1;
    if (c == ';' || c == '}') head = i + 1;
    if (c != '{') continue;
    const Scope scope = scope_of(std::string(code.substr(head, i - head)));
    if (scope == Scope::names) {
      head = i + 1;
      continue;
    }
    const std::size_t end = skip_bracket(code, i);
    const std::size_t first = std::min(code.find_first_not_of(" \t\n", head), i);
    const std::size_t lines = line_at(code, end) - line_at(code, first) + 1;
    if (scope == Scope::function && lines > limit) {
      found.push_back({path, line_at(code, first),
                       "function of " + std::to_string(lines) + " lines, the budget is " +
                           std::to_string(limit)});
    }
    i = end - 1;
    head = end;
  }
}

void check_includes(const std::string& path, std::string_view text, std::vector<Violation>& found) {
  // What each folder may see of the others (docs/architecture.md); a folder sees itself.
  static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> layers = {
      {"base", {}},
      {"event", {"base/"}},
      {"inference", {"base/"}},
      {"filter", {"base/", "event/"}},
      {"channels", {"base/", "event/", "filter/"}},
      {"sinks", {"base/", "event/", "filter/"}},
      {"sources",
       {"base/", "event/", "sinks/sink.h", "sinks/sink_spec.h", "channels/consumer.h",
        "channels/redis_deliveries.h", "channels/kafka_deliveries.h"}},
      {"broker", {"base/", "event/", "filter/", "channels/", "sinks/", "sources/"}},
      {"manifest", {"base/", "event/", "filter/"}},
      {"cli",
       {"base/", "event/", "filter/", "channels/", "sinks/", "sources/", "manifest/", "broker/"}},
  };
  // The engine is seen by those only who make requests of events, of HTTP, or at a terminal.
  const bool sees_engine =
      starts_with_any(path, {"sinks/inference_", "sinks/openai_", "broker/model_api",
                             "broker/openai_", "broker/kserve_", "broker/text_model", "cli/model"});
  const std::string folder = folder_of(path);
  const auto layer =
      std::ranges::find(layers, std::string_view(folder), [](auto& l) { return l.first; });
  static const std::regex include(R"re(^#include "([^"]+)")re");
  const auto lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::match_results<std::string_view::const_iterator> match;
    if (!std::regex_search(lines[i].begin(), lines[i].end(), match, include)) continue;
    const std::string target = match[1];
    if (target.find('/') == std::string::npos) {
      found.push_back({path, i + 1, "include \"" + target + "\" from the root of the tree"});
      continue;
    }
    if (layer == layers.end() || target.starts_with(folder + "/")) continue;
    const bool spec = folder == "manifest" && target.ends_with("_spec.h");
    const bool allowed = std::ranges::any_of(
        layer->second, [&](std::string_view prefix) { return target.starts_with(prefix); });
    if (!allowed && !spec && !(sees_engine && target.starts_with("inference/"))) {
      found.push_back(
          {path, i + 1, folder + "/ may not see \"" + target + "\" (layers point down)"});
    }
  }
}

void check_bans(const std::string& path, std::string_view text, std::string_view code,
                std::vector<Violation>& found) {
  report_each(path, code, R"((^|\n)using namespace\b)",
              "no `using namespace` at file scope: it leaks into everything below", found);
  report_each(path, code, R"(\bstd\s*::\s*endl\b)", "no std::endl: it flushes; write '\\n'", found);
  if (!starts_with_any(path, {"base/", "inference/", "tests/"})) {
    report_each(path, code, R"(\bstd\s*::\s*(jthread|thread|async)\b)",
                "no threads outside base/ and inference/: the core pool has them", found);
  }
  if (!starts_with_any(path, {"base/task_group.", "base/side_thread."})) {
    report_each(path, code, R"(\bdetached\b|[.>]\s*detach\s*\(\s*\))",
                "nothing is detached: spawn it in a TaskGroup, which waits for it", found);
  }
  if (path.starts_with("event/")) {
    report_each(path, std::string(text), R"(#include <nlohmann/)",
                "no nlohmann/json in event/: it costs 4 us an event; use simdjson", found);
  }
  // The class in the pattern keeps this file from tripping over itself.
  report_each(path, std::string(text), R"(\bTOD[O]\b(?!\(#[0-9]+\)))",
              "what is left to do names its issue, `(#12)`: without one nobody finds it again",
              found);
}

void check_awaits(const std::string& path, std::string_view code, std::vector<Violation>& found) {
  constexpr std::string_view kAwait = "co_await";
  for (std::size_t at = code.find(kAwait); at != std::string_view::npos;
       at = code.find(kAwait, at + 1)) {
    for (std::size_t i = at + kAwait.size(), depth = 0; i < code.size() && code[i] != ';'; ++i) {
      if (code[i] == '(' || code[i] == '[') ++depth;
      if ((code[i] == ')' || code[i] == ']') && depth-- == 0) break;
      if (code[i] != '{') continue;
      if (opens_body(code, i)) {
        if (depth == 0) break;  // `if (...) {`: the expression has ended.
        i = skip_bracket(code, i) - 1;
        continue;
      }
      found.push_back({path, line_at(code, i),
                       "no brace in a co_await expression: g++ 12 destroys such temporaries twice; "
                       "name the object first"});
      break;
    }
  }
  // GCC bug 106188: without a local variable around it, the frame of such a coroutine is lost.
  static const std::regex condition(R"(\b(if|while|switch)\s*\()");
  using Iterator = std::regex_iterator<std::string_view::const_iterator>;
  for (Iterator it(code.begin(), code.end(), condition), end; it != end; ++it) {
    const auto open = static_cast<std::size_t>(it->position() + it->length()) - 1;
    if (code.substr(open, skip_bracket(code, open) - open).find(kAwait) != std::string_view::npos) {
      found.push_back(
          {path, line_at(code, open),
           "no co_await in a condition: g++ 12 may lose the frame; name the result first"});
    }
  }
}

void check_coroutine_lambdas(const std::string& path, std::string_view code,
                             std::vector<Violation>& found) {
  // A lambda that is a coroutine and captures: the captures die with the lambda object, at the
  // first suspension of a temporary one.
  static const std::regex body_is_coroutine(R"(\bco_(await|return|yield)\b)");
  for (std::size_t at = code.find('['); at != std::string_view::npos; at = code.find('[', at + 1)) {
    const std::size_t before = previous(code, at);
    if (code.substr(at, 2) == "[[") continue;
    if (before != std::string_view::npos && (is_word(code[before]) || code[before] == ')' ||
                                             code[before] == ']' || code[before] == '[')) {
      if (word_before(code, at) != "return") continue;  // An index or an attribute.
    }
    std::size_t i = skip_bracket(code, at);
    const auto captures = code.substr(at + 1, i - at - 2);
    if (captures.find_first_not_of(" \t\n") == std::string_view::npos) continue;
    i = std::min(code.find_first_not_of(" \t\n", i), code.size());
    if (i < code.size() && code[i] == '(') i = skip_bracket(code, i);
    const std::size_t open = code.find_first_of("{;", i);
    if (open == std::string_view::npos || code[open] == ';') continue;
    const auto lambda = code.substr(i, skip_bracket(code, open) - i);
    if (std::regex_search(lambda.begin(), lambda.end(), body_is_coroutine)) {
      found.push_back({path, line_at(code, at),
                       "a coroutine lambda takes parameters, never captures: they die before it"});
    }
  }
}

void check_words(const std::string& path, std::string_view code,
                 const std::vector<Exception>& exceptions, std::vector<Violation>& found) {
  // Whole words of an identifier in snake or Pascal case; `Task` and `TaskGroup` are the exception.
  static const std::set<std::string, std::less<>> unused = {"handler", "manager", "processor",
                                                            "payload", "job",     "jobs"};
  static const std::regex type(R"(\b(?:class|struct|enum class|enum|using)\s+([A-Za-z_]\w*))");
  static const std::regex part(R"([A-Z]?[a-z0-9]+|[A-Z]+(?![a-z]))");
  static const std::regex identifier(R"([A-Za-z_]\w*)");
  const auto report = [&](const std::string& name, std::size_t offset, bool is_type) {
    for (std::sregex_iterator it(name.begin(), name.end(), part), last; it != last; ++it) {
      std::string word = it->str();
      std::ranges::transform(word, word.begin(),
                             [](char c) { return static_cast<char>(std::tolower(c)); });
      const bool bad = is_type ? (word == "message" || word == "task") : unused.contains(word);
      if (!bad || name == "Task" || name == "TaskGroup") continue;
      if (find_exception(exceptions, path, word) != nullptr) continue;
      found.push_back({path, line_at(code, offset),
                       "'" + name + "': the house does not use the word '" + word + "'"});
    }
  };
  using Iterator = std::regex_iterator<std::string_view::const_iterator>;
  std::set<std::string> seen;  // Once a file is enough.
  for (Iterator it(code.begin(), code.end(), identifier), end; it != end; ++it) {
    const auto at = static_cast<std::size_t>(it->position());
    const bool qualified =
        at > 0 && (code[at - 1] == ':' || code[at - 1] == '.' || code[at - 1] == '>');
    if (!qualified && seen.insert(it->str()).second) report(it->str(), at, false);
  }
  for (Iterator it(code.begin(), code.end(), type), end; it != end; ++it) {
    report((*it)[1].str(), static_cast<std::size_t>(it->position()), true);
  }
}

void check_purpose(const std::string& path, std::string_view text, std::vector<Violation>& found) {
  const auto start = text.substr(0, text.find_first_not_of(" \n") == 0 ? 2 : 0);
  if (is_header(path) && text.find("#pragma once") == std::string_view::npos) {
    found.push_back({path, 1, "a header begins with #pragma once"});
  }
  if (is_header(path) && text.find("///") == std::string_view::npos && start != "//") {
    found.push_back({path, 1, "a header says in /// comments what its declarations promise"});
  }
  const bool is_source = path.ends_with(".cc") || path.ends_with(".cu");
  const std::string own = "#include \"" + path.substr(0, path.rfind('.')) + ".";
  const bool own_header = text.find(own + "h\"") != std::string_view::npos ||
                          text.find(own + "cuh\"") != std::string_view::npos;
  if (is_source && !own_header && start != "//") {
    found.push_back({path, 1, "a source without a header of its own begins with what it is for"});
  }
}

std::vector<Violation> check_source(const std::string& path, std::string_view text,
                                    const std::vector<Exception>& exceptions) {
  std::vector<Violation> found;
  const std::string code = code_only(text);
  check_sizes(path, text, exceptions, found);
  check_functions(path, code, exceptions, found);
  check_includes(path, text, found);
  check_bans(path, text, code, found);
  check_awaits(path, code, found);
  check_coroutine_lambdas(path, code, found);
  check_words(path, code, exceptions, found);
  check_purpose(path, text, found);
  return found;
}

}  // namespace sluice::tidy
