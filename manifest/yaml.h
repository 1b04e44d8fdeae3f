#pragma once

#include "manifest/source_text.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class Findings;

/// One value of a YAML document, with where it stands. An alias is a second pointer to the node it
/// names, so nodes form a graph without circles.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
  struct Entry {
    YamlNode* key;
    YamlNode* value;
  };

  Kind kind = Kind::null;
  bool plain = false;       ///< A scalar without quotes: null, numbers and booleans are seen in it.
  bool literal = false;     ///< A `|` block, unchanged: its lines stand in the source as they are.
  bool expanded = false;    ///< Something was replaced in it.
  bool visited = false;     ///< expand_variables() was here.
  bool broken = false;      ///< It could not be expanded: nothing else is said about it.
  std::uint8_t height = 0;  ///< Levels of collections below and with this one.
  std::uint32_t offset = 0;
  std::uint32_t size = 1;  ///< Nodes in this subtree, aliases followed.
  const SourceText* source = nullptr;
  std::string text;              ///< Of a scalar.
  std::vector<YamlNode*> items;  ///< Of a sequence.
  std::vector<Entry> entries;    ///< Of a mapping, in the order written, keys unique.

  [[nodiscard]] bool is_null() const noexcept;
  [[nodiscard]] const Entry* find(std::string_view key) const noexcept;
};

/// Owns the texts and the nodes of a set of manifests.
struct YamlStore {
  std::deque<SourceText> sources;
  std::vector<const SourceText*> readable;  ///< Those that are text at all.
  std::deque<YamlNode> nodes;
};

struct YamlLimits {
  static constexpr std::size_t kMaxDepth = 64;
  static constexpr std::size_t kMaxAliasNodes = 10'000;  // A file.
  static constexpr std::size_t kMaxNodes = 2'000'000;    // All files together.
  static constexpr std::size_t kMaxFileBytes = 16U * 1024 * 1024;
};

/// What was read of one file.
struct YamlFile {
  std::vector<YamlNode*> documents;      ///< The root of each that is not empty.
  std::vector<std::string_view> unread;  ///< The text of each document that could not be read.
};

/// Reads every document of `source`; everything wrong goes to `findings`. After a syntax error it
/// goes on with the next document. Duplicate keys, merge keys, unknown anchors, custom tags and
/// whatever passes YamlLimits are errors.
[[nodiscard]] YamlFile read_yaml(const SourceText& source, YamlStore& store, Findings& findings);

/// Replaces ${VAR}, ${VAR:-default}, ${VAR:?text} and the escape $${ in every scalar value below
/// `node`, each once; keys stay as they are. Errors go to `findings`.
void expand_variables(YamlNode& node, Findings& findings);

}  // namespace sluice
