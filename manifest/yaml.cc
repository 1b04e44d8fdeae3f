// YAML 1.2 over libfyaml's event stream. The tree is composed by us, not by libfyaml, because
// every value has to know where it stands, and because the limits on depth and aliases are ours.

#include "manifest/yaml.h"

#include "manifest/findings.h"
#include "manifest/yaml_tree.h"

#include <libfyaml.h>

#include <algorithm>
#include <memory>

namespace sluice {
namespace {

struct FreeParser {
  void operator()(fy_parser* parser) const noexcept { fy_parser_destroy(parser); }
};
struct FreeDiag {
  void operator()(fy_diag* diag) const noexcept { fy_diag_destroy(diag); }
};
using Diag = std::unique_ptr<fy_diag, FreeDiag>;
using Parser = std::unique_ptr<fy_parser, FreeParser>;

void discard(fy_diag*, void*, const char*, std::size_t) {}

Diag make_diag() {
  fy_diag_cfg config;
  fy_diag_cfg_default(&config);
  config.fp = nullptr;
  config.output_fn = discard;
  config.colorize = false;
  Diag diag(fy_diag_create(&config));
  if (diag) fy_diag_set_collect_errors(diag.get(), true);
  return diag;
}

Parser make_parser(fy_diag* diag, std::string_view text) {
  fy_parse_cfg config{};
  // The depth is ours to check, with a word on where; aliases are resolved by us as well.
  config.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                                                 FYPCF_DISABLE_DEPTH_LIMIT);
  config.diag = diag;
  Parser parser(fy_parser_create(&config));
  if (parser) fy_parser_set_string(parser.get(), text.data(), text.size());
  return parser;
}

std::string_view text_of(fy_token* token) {
  if (token == nullptr) return {};
  std::size_t size = 0;
  const char* text = fy_token_get_text(token, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

bool is_document_start(std::string_view line) noexcept {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

// Reads one stretch of a file, from where run() is told up to the first syntax error.
class Reader {
 public:
  Reader(const SourceText& source, YamlTree& tree, Findings& findings, YamlFile& out)
      : source_(source), tree_(tree), findings_(findings), out_(out) {}

  // The offset at which to go on; npos at the end of the file.
  std::size_t run(std::size_t base);

 private:
  bool take(fy_event& event);
  bool take_scalar(fy_event& event);
  bool take_alias(fy_event& event);
  YamlNode* make(YamlNode::Kind kind, fy_event& event);
  void position_scalar(YamlNode& node, fy_token* token) const;
  void check_tag(fy_event& event, const YamlNode& node);
  void report_syntax_error(fy_diag* diag);

  const SourceText& source_;
  YamlTree& tree_;
  Findings& findings_;
  YamlFile& out_;
  std::size_t base_ = 0;
  std::size_t document_start_ = 0;
};

std::size_t Reader::run(std::size_t base) {
  base_ = base;
  document_start_ = base;
  tree_.begin();
  const Diag diag = make_diag();
  const Parser parser = make_parser(diag.get(), std::string_view(source_.text()).substr(base));
  if (!diag || !parser) {
    findings_.error_at(source_, base, "out of memory");
    return std::string::npos;
  }
  bool refused = false;
  while (!refused) {
    fy_event* event = fy_parser_parse(parser.get());
    if (event == nullptr) break;
    refused = !take(*event);
    fy_parser_event_free(parser.get(), event);
  }
  const bool failed = !refused && fy_parser_get_stream_error(parser.get());
  if (!failed && !refused) return std::string::npos;
  if (failed) report_syntax_error(diag.get());
  // `---` at the start of a line begins a document wherever it stands, so reading can go on there.
  std::size_t line = source_.line_of(document_start_) + 1;
  while (source_.line_start(line) < source_.text().size() &&
         !is_document_start(source_.line(line))) {
    ++line;
  }
  const std::size_t next = source_.line_start(line);
  out_.unread.push_back(
      std::string_view(source_.text()).substr(document_start_, next - document_start_));
  return next < source_.text().size() ? next : std::string::npos;
}

/// What stands behind "key: " in `line`, without what follows it.
std::string plain_value(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return {};
  const std::size_t begin = line.find_first_not_of(' ', colon + 1);
  if (begin == std::string_view::npos) return {};
  line = line.substr(begin, line.find(" #", begin) - begin);
  return std::string(line.substr(0, line.find_last_not_of(" \r\n") + 1));
}

void Reader::report_syntax_error(fy_diag* diag) {
  void* previous = nullptr;
  const fy_diag_error* first = fy_diag_errors_iterate(diag, &previous);
  std::size_t offset = document_start_;
  std::string text = "this is not YAML";
  if (first != nullptr) {
    const auto line = static_cast<std::size_t>(std::max(first->line, 1) - 1);
    const auto column = static_cast<std::size_t>(std::max(first->column, 1) - 1);
    offset = source_.offset_of(source_.line_of(base_) + line, column);
    text = first->msg;
  }
  std::string hint;
  const std::string_view line = source_.line(source_.line_of(offset));
  const std::string value = plain_value(line);
  if (line.find("${") != std::string_view::npos && line.find('{') < line.find("${")) {
    hint = "inside { } and [ ], put quotes around a value with ${...}";
  } else if (text.find("tab character") != std::string::npos) {
    hint = "indent with spaces";
  } else if (value.starts_with('*') || value.starts_with('@') || value.starts_with('%')) {
    hint = "put quotes around a value that begins with '" + value.substr(0, 1) + "', as in \"" +
           value + "\"";
  } else if (text.find("flow mapping") != std::string::npos) {
    hint = "a '{' before this place is not closed";
  } else if (text.find("multiline plain key") != std::string::npos) {
    hint = "the next line is indented deeper than its neighbours, or with a tab";
  }
  findings_.error_at(source_, offset, std::move(text), std::move(hint));
}

bool Reader::take(fy_event& event) {
  switch (event.type) {
    case FYET_DOCUMENT_START:
      tree_.begin();
      if (const fy_mark* mark = fy_event_start_mark(&event)) {
        document_start_ = base_ + mark->input_pos;
      }
      return true;
    case FYET_DOCUMENT_END:
      if (tree_.root() != nullptr && !tree_.root()->is_null()) {
        out_.documents.push_back(tree_.root());
      }
      return true;
    case FYET_MAPPING_START:
      return tree_.open(make(YamlNode::Kind::mapping, event),
                        text_of(fy_event_get_anchor_token(&event)));
    case FYET_SEQUENCE_START:
      return tree_.open(make(YamlNode::Kind::sequence, event),
                        text_of(fy_event_get_anchor_token(&event)));
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
      tree_.close();
      return true;
    case FYET_SCALAR:
      return take_scalar(event);
    case FYET_ALIAS:
      return take_alias(event);
    default:
      return true;
  }
}

YamlNode* Reader::make(YamlNode::Kind kind, fy_event& event) {
  const fy_mark* mark = fy_event_start_mark(&event);
  YamlNode* node = tree_.make(
      kind, mark == nullptr ? tree_.offset_of_nothing(document_start_) : base_ + mark->input_pos);
  check_tag(event, *node);
  return node;
}

void Reader::check_tag(fy_event& event, const YamlNode& node) {
  fy_token* token = fy_event_get_tag_token(&event);
  if (token == nullptr) return;
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  const std::string_view tag = text_of(token);
  const std::string_view name = tag.starts_with(kCore) ? tag.substr(kCore.size()) : "";
  for (const std::string_view known : {"str", "int", "float", "bool", "null", "map", "seq"}) {
    if (name == known) return;
  }
  if (tag == "!") return;
  const fy_mark* mark = fy_token_start_mark(token);
  findings_.error_at(source_, mark == nullptr ? node.offset : base_ + mark->input_pos,
                     "the tag " + in_quotes(tag) + " is not known", "leave it out");
}

bool Reader::take_scalar(fy_event& event) {
  YamlNode* node = make(YamlNode::Kind::scalar, event);
  fy_token* token = fy_event_get_token(&event);
  if (token == nullptr) {
    node->kind = YamlNode::Kind::null;
  } else {
    node->text = text_of(token);
    const fy_scalar_style style = fy_token_scalar_style(token);
    const std::string_view tag = text_of(fy_event_get_tag_token(&event));
    node->plain = style == FYSS_PLAIN && !tag.ends_with(":str") && tag != "!";
    node->literal = style == FYSS_LITERAL;
    position_scalar(*node, token);
  }
  return tree_.scalar(node, text_of(fy_event_get_anchor_token(&event)));
}

// libfyaml's mark of an alias stands behind the star.
bool Reader::take_alias(fy_event& event) {
  const fy_mark* mark = fy_event_start_mark(&event);
  std::size_t offset = mark == nullptr ? document_start_ : base_ + mark->input_pos;
  if (offset > 0 && source_.text()[offset] != '*' && source_.text()[offset - 1] == '*') --offset;
  return tree_.alias(std::string(text_of(event.alias.anchor)), offset);
}

// libfyaml's mark stands behind an opening quote, and on the first line of a block.
void Reader::position_scalar(YamlNode& node, fy_token* token) const {
  const std::string& text = source_.text();
  const fy_scalar_style style = fy_token_scalar_style(token);
  if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) {
    const bool quote_before =
        node.offset > 0 && (text[node.offset - 1] == '"' || text[node.offset - 1] == '\'');
    if (quote_before) --node.offset;
  } else if (style == FYSS_LITERAL || style == FYSS_FOLDED) {
    const std::size_t line = source_.line_of(node.offset);
    if (line == 0) return;
    std::string_view header = source_.line(line - 1);
    header = header.substr(0, header.find(" #"));
    const std::size_t sign = header.rfind(style == FYSS_LITERAL ? '|' : '>');
    if (sign != std::string_view::npos) {
      node.offset = static_cast<std::uint32_t>(source_.line_start(line - 1) + sign);
    }
  }
}

}  // namespace

bool YamlNode::is_null() const noexcept {
  if (kind == Kind::null) return true;
  if (kind != Kind::scalar || !plain || expanded) return false;
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

const YamlNode::Entry* YamlNode::find(std::string_view key) const noexcept {
  const auto found =
      std::ranges::find_if(entries, [&](const Entry& entry) { return entry.key->text == key; });
  return found == entries.end() ? nullptr : &*found;
}

YamlFile read_yaml(const SourceText& source, YamlStore& store, Findings& findings) {
  YamlFile out;
  std::size_t alias_nodes = 0;
  YamlTree tree(source, store, findings, alias_nodes);
  for (std::size_t base = 0; base != std::string::npos && base < source.text().size();) {
    base = Reader(source, tree, findings, out).run(base);
  }
  return out;
}

}  // namespace sluice
