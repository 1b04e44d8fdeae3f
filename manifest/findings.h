#pragma once

#include "base/utf8.h"  // in_quotes(), for every text that is a user's.
#include "manifest/report.h"
#include "manifest/source_text.h"
#include "manifest/yaml.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Collects what is wrong while manifests are read, in any order; the report sorts it.
class Findings {
 public:
  /// At a broken node, which has its error already, it is counted and not kept.
  void error(const YamlNode& at, std::string text, std::string hint = {});
  /// The same without the source line, in which a secret stands.
  void secret_error(const YamlNode& at, std::string text, std::string hint = {});
  void warning(const YamlNode& at, std::string text, std::string hint = {});
  void error_at(const SourceText& source, std::size_t offset, std::string text,
                std::string hint = {});
  void warning_at(const SourceText& source, std::size_t offset, std::string text,
                  std::string hint = {});

  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }

  /// Sorted by file, line and column, each finding once.
  [[nodiscard]] Report report() const;

 private:
  struct Item {
    const SourceText* source;
    std::size_t offset;
    Severity severity;
    std::string text;
    std::string hint;
    bool secret = false;  // The source line is not shown.
  };
  std::vector<Item> items_;
  std::size_t errors_ = 0;
};

/// "did you mean 'x'?" where a candidate is near `name`, else `otherwise`.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       const std::vector<std::string_view>& candidates,
                                       std::string otherwise = {});

/// "a Broker", "an EventDisplay".
[[nodiscard]] std::string with_article(std::string_view noun);

/// "a, b or c".
[[nodiscard]] std::string one_of(const std::vector<std::string_view>& words);

/// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string_view>& words,
                                 std::string_view separator = ", ");

}  // namespace sluice
