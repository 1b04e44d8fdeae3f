#include "manifest/yaml_tree.h"

#include <algorithm>

namespace sluice {

void YamlTree::begin() {
  root_ = nullptr;
  stack_.clear();
  anchors_.clear();
}

bool YamlTree::refuse(std::size_t offset, std::string text, std::string hint) {
  findings_.error_at(source_, offset, std::move(text), std::move(hint));
  return false;
}

YamlNode* YamlTree::make(YamlNode::Kind kind, std::size_t offset) {
  YamlNode& node = store_.nodes.emplace_back();
  node.kind = kind;
  node.source = &source_;
  node.offset = static_cast<std::uint32_t>(offset);
  return &node;
}

std::size_t YamlTree::offset_of_nothing(std::size_t otherwise) const {
  if (stack_.empty()) return otherwise;
  const Frame& top = stack_.back();
  return top.key != nullptr ? top.key->offset : top.node->offset;
}

bool YamlTree::open(YamlNode* collection, std::string_view anchor) {
  if (stack_.size() >= YamlLimits::kMaxDepth) {
    return refuse(collection->offset, "nested deeper than 64 levels", "");
  }
  if (!anchor.empty()) anchors_.insert_or_assign(std::string(anchor), Anchor{collection, true});
  if (!place(collection, false)) return false;
  Frame frame{collection};
  frame.anchor = anchor;
  stack_.push_back(std::move(frame));
  return true;
}

void YamlTree::close() {
  YamlNode& node = *stack_.back().node;
  std::size_t size = 1;
  std::uint8_t height = 0;
  const auto add = [&](const YamlNode& child) {
    size += child.size;
    height = std::max(height, child.height);
  };
  for (const YamlNode* item : node.items) add(*item);
  for (const auto& entry : node.entries) add(*entry.value);
  node.size = static_cast<std::uint32_t>(size);
  node.height = static_cast<std::uint8_t>(height + 1);
  const auto anchor = anchors_.find(stack_.back().anchor);
  if (anchor != anchors_.end() && anchor->second.node == &node) anchor->second.open = false;
  stack_.pop_back();
}

bool YamlTree::scalar(YamlNode* node, std::string_view anchor) {
  if (!anchor.empty()) anchors_.insert_or_assign(std::string(anchor), Anchor{node, false});
  return place(node, false);
}

namespace {

std::string anchor_hint(std::string_view name, const std::vector<std::string_view>& known) {
  std::string meant = did_you_mean(name, known);
  return meant.empty() ? "put quotes around a value that begins with '*'" : meant;
}

}  // namespace

bool YamlTree::refuse_alias(const std::string& name, std::size_t offset, bool inside_itself) {
  const std::string what = "the alias " + in_quotes("*" + name);
  std::vector<std::string_view> known;
  for (const auto& [anchor, where] : anchors_) known.push_back(anchor);
  findings_.error_at(
      source_, offset,
      what + (inside_itself ? " stands inside its own anchor" : " has no anchor before it"),
      inside_itself ? "" : anchor_hint(name, known));
  return place(make(YamlNode::Kind::null, offset), true);
}

bool YamlTree::alias(const std::string& name, std::size_t offset) {
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) return refuse_alias(name, offset, false);
  if (found->second.open) return refuse_alias(name, offset, true);
  YamlNode* target = found->second.node;
  alias_nodes_ += target->size;
  if (alias_nodes_ > YamlLimits::kMaxAliasNodes) {
    return refuse(offset, "the aliases of this file stand for more than 10000 values",
                  "write the values out, or split the file");
  }
  if (stack_.size() + target->height > YamlLimits::kMaxDepth) {
    return refuse(offset, "nested deeper than 64 levels", "");
  }
  return place(target, true);
}

bool YamlTree::place(YamlNode* node, bool is_alias) {
  if (store_.nodes.size() > YamlLimits::kMaxNodes) {
    return refuse(node->offset, "these manifests have more than 2000000 values", "");
  }
  if (stack_.empty()) {
    root_ = node;
    return true;
  }
  Frame& frame = stack_.back();
  if (frame.node->kind == YamlNode::Kind::sequence) {
    frame.node->items.push_back(node);
  } else if (frame.key == nullptr) {
    take_key(frame, node, is_alias);
  } else {
    if (!frame.skip) frame.node->entries.push_back({frame.key, node});
    frame.key = nullptr;
  }
  return true;
}

void YamlTree::take_key(Frame& frame, YamlNode* node, bool is_alias) {
  frame.key = node;
  frame.skip = true;
  if (node->kind != YamlNode::Kind::scalar || is_alias) {
    findings_.error(*node, "a key must be a plain word", "");
  } else if (node->plain && node->text == "<<") {
    findings_.error(*node, "merge keys ('<<') are not supported",
                    "write the fields out, or use an alias for a whole value");
  } else if (!frame.keys.insert(node->text).second) {
    const YamlNode& first = *frame.node->find(node->text)->key;
    findings_.error(
        *node, "duplicate key " + in_quotes(node->text),
        "it is there already, on line " + std::to_string(source_.place(first.offset).line));
  } else {
    frame.skip = false;
  }
}

}  // namespace sluice
