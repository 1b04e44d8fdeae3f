#pragma once

#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice {

/// Composes the nodes of one document after the other, and checks what YAML's grammar does not:
/// unique keys, anchors, depth, the number of nodes. The calls that answer bool answer false when
/// the document is refused, with a finding; nothing more may come then but begin().
class YamlTree {
 public:
  /// `alias_nodes` counts through all documents of a file.
  YamlTree(const SourceText& source, YamlStore& store, Findings& findings, std::size_t& alias_nodes)
      : source_(source), store_(store), findings_(findings), alias_nodes_(alias_nodes) {}

  void begin();
  [[nodiscard]] YamlNode* root() const noexcept { return root_; }

  /// A node that is not placed yet.
  [[nodiscard]] YamlNode* make(YamlNode::Kind kind, std::size_t offset);
  /// Where a value is found that stands nowhere, being empty: at its key.
  [[nodiscard]] std::size_t offset_of_nothing(std::size_t otherwise) const;

  /// `anchor` is empty where there is none.
  [[nodiscard]] bool open(YamlNode* collection, std::string_view anchor);
  void close();
  [[nodiscard]] bool scalar(YamlNode* node, std::string_view anchor);
  [[nodiscard]] bool alias(const std::string& name, std::size_t offset);

 private:
  struct Frame {
    YamlNode* node;
    YamlNode* key = nullptr;  // Of a mapping: read, and its value is not.
    bool skip = false;        // The key was refused; its value is read and forgotten.
    std::string anchor = {};  // Closed with the collection.
    std::unordered_set<std::string_view> keys = {};
  };
  struct Anchor {
    YamlNode* node;
    bool open;  // Its collection is still being read.
  };

  bool place(YamlNode* node, bool is_alias);
  void take_key(Frame& frame, YamlNode* node, bool is_alias);
  bool refuse(std::size_t offset, std::string text, std::string hint);
  bool refuse_alias(const std::string& name, std::size_t offset, bool inside_itself);

  const SourceText& source_;
  YamlStore& store_;
  Findings& findings_;
  std::size_t& alias_nodes_;
  YamlNode* root_ = nullptr;
  std::vector<Frame> stack_;
  std::unordered_map<std::string, Anchor> anchors_;
};

}  // namespace sluice
