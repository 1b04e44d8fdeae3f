#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tidy {

/// One breach of the house rules: where, what, and why that is a rule.
struct Violation {
  std::string file;
  std::size_t line = 0;
  std::string what;
};

/// `file:line: what`, the form that editors jump to.
[[nodiscard]] std::string to_string(const Violation& violation);

/// A limit that one file may exceed, up to `value`, for a reason. An entry that is no longer
/// needed is itself a violation: the budgets only ever get tighter.
struct Exception {
  std::string_view file;
  std::string_view rule;  ///< "file", "function", or the word that is used all the same.
  std::size_t value;
  std::string_view reason;
};

/// The text with comments, and the contents of string and character literals, blanked out; line
/// breaks and columns stay where they are.
[[nodiscard]] std::string code_only(std::string_view text);

/// Every rule over one source file. `path` is relative to the root, with forward slashes: it
/// decides which layer and which budget apply.
[[nodiscard]] std::vector<Violation> check_source(const std::string& path, std::string_view text,
                                                  const std::vector<Exception>& exceptions);

// The rules one by one, for their own tests. `code` is code_only(text).
void check_sizes(const std::string& path, std::string_view text,
                 const std::vector<Exception>& exceptions, std::vector<Violation>& found);
void check_functions(const std::string& path, std::string_view code,
                     const std::vector<Exception>& exceptions, std::vector<Violation>& found);
void check_includes(const std::string& path, std::string_view text, std::vector<Violation>& found);
void check_bans(const std::string& path, std::string_view text, std::string_view code,
                std::vector<Violation>& found);
void check_awaits(const std::string& path, std::string_view code, std::vector<Violation>& found);
void check_coroutine_lambdas(const std::string& path, std::string_view code,
                             std::vector<Violation>& found);
void check_words(const std::string& path, std::string_view code,
                 const std::vector<Exception>& exceptions, std::vector<Violation>& found);
void check_purpose(const std::string& path, std::string_view text, std::vector<Violation>& found);

}  // namespace sluice::tidy
