#pragma once

#include <string>
#include <vector>

namespace sluice {

enum class Severity { error, warning };

/// One thing found in a manifest. Lines and columns count from 1; columns count characters.
struct Finding {
  std::string file;
  int line = 0;
  int column = 0;
  Severity severity = Severity::error;
  std::string message;
  std::string hint;         ///< What to do, e.g. "did you mean 'subscriber'?"; may be empty.
  std::string source_line;  ///< The line of the file, for the caret; "": not shown.
};

/// Everything that was found in a set of manifests.
struct Report {
  std::vector<Finding> findings;

  [[nodiscard]] bool has_errors() const noexcept;
};

/// `file:line:column: error: message`, the source line, a caret, the hint.
[[nodiscard]] std::string to_text(const Finding& finding);
[[nodiscard]] std::string to_text(const Report& report);

/// An array of {file, line, column, severity, message, hint}.
[[nodiscard]] std::string to_json(const Report& report);

}  // namespace sluice
