// Which of the released templates a Jinja text is. A text is brought into a form in which layout
// and comments do not matter, cut before the generation prompt, and both halves are looked up by
// hash: the halves were released in several combinations.
#include "inference/chat_template.h"
#include "inference/json_file.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

namespace sluice::inference {
namespace {

struct KnownHead {
  std::uint64_t hash;
  bool closes_last;
};
constexpr KnownHead kHeads[] = {
    {0x489fddbf9171a04c, true},   // Qwen3, April 2025.
    {0x5873f4dba1bf3859, true},   // Qwen3 since May 2025, 2507 Thinking: content may be missing.
    {0x5a62281a8d3cf419, false},  // 2507 Instruct.
};

struct KnownTail {
  std::uint64_t hash;
  ThinkingMode thinking;
};
constexpr KnownTail kTails[] = {
    {0x30b6665a89564717, ThinkingMode::switchable},
    {0x187caf8cd7984bcb, ThinkingMode::never},
    {0x8c2675b775550b0d, ThinkingMode::always},
    {0x0963bf3c652e5404, ThinkingMode::closed},
};

struct Named {
  std::string_view name;
  ThinkingMode thinking;
  bool closes_last;
};
constexpr std::array<Named, 4> kNamed = {{
    {"qwen3", ThinkingMode::switchable, true},
    {"qwen3-instruct-2507", ThinkingMode::never, false},
    {"qwen3-thinking-2507", ThinkingMode::always, true},
    {"qwen3-nonthinking", ThinkingMode::closed, true},
}};

// Released ones have a few thousand bytes, beside a list of tokens.
constexpr std::int64_t kMaxFileBytes = std::int64_t{16} << 20;
constexpr std::string_view kSpaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpaces), text.size()));
  return text.substr(0, text.find_last_not_of(kSpaces) + 1);
}

/// Where the first {{, {% or {# is; the size where there is none.
std::size_t tag_at(std::string_view jinja) {
  for (std::size_t at = 0; at + 1 < jinja.size(); ++at) {
    const char next = jinja[at + 1];
    if (jinja[at] == '{' && (next == '{' || next == '%' || next == '#')) return at;
  }
  return jinja.size();
}

/// The statements and expressions, one a line, without comments and without the white space that
/// the "-" of the next one removes. A line end within a string literal is written \n.
std::string normal_form(std::string_view jinja) {
  std::string out;
  while (!jinja.empty()) {
    const std::size_t begin = tag_at(jinja);
    const std::string_view between = jinja.substr(0, begin);
    jinja.remove_prefix(begin);
    const bool is_swallowed =
        jinja.empty() || jinja.substr(1).starts_with("#") || (jinja.size() > 2 && jinja[2] == '-');
    if (!is_swallowed || !trimmed(between).empty()) out += std::string(between) + '\n';
    if (jinja.empty()) break;
    const char kind = jinja[1];
    const std::size_t end = jinja.find(kind == '{' ? "}}" : kind == '%' ? "%}" : "#}");
    const std::string_view tag = jinja.substr(0, end);
    jinja.remove_prefix(std::min(tag.size() + 2, jinja.size()));
    if (kind == '#') continue;
    for (const char c : trimmed(tag)) out += c == '\n' ? std::string("\\n") : std::string(1, c);
    out += '\n';
  }
  return out;
}

std::uint64_t hash_of(std::string_view text) {  // FNV-1a, 64 bits.
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

std::string hex(std::uint64_t number) {
  std::array<char, 20> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

/// chat_template of tokenizer_config.json: a text, or several with a name each.
Result<std::string> template_of(const nlohmann::json& config) {
  const auto missing = fail(Errc::not_found, "no chat_template");
  if (!config.is_object() || !config.contains("chat_template")) return missing;
  const nlohmann::json& found = config["chat_template"];
  if (found.is_string()) return found.get<std::string>();
  if (!found.is_array()) return missing;
  for (const nlohmann::json& one : found) {
    if (one.is_object() && one.value("name", nlohmann::json()) == "default" &&
        one.contains("template") && one["template"].is_string()) {
      return one["template"].get<std::string>();
    }
  }
  return fail(Errc::not_found, "no chat_template is named \"default\"");
}

}  // namespace

Result<ChatTemplate> ChatTemplate::named(std::string_view name) {
  const auto* it = std::ranges::find(kNamed, name, &Named::name);
  if (it != kNamed.end()) return ChatTemplate(it->thinking, it->closes_last);
  std::string known;
  for (const Named& one : kNamed) known += (known.empty() ? "" : ", ") + std::string(one.name);
  return fail(Errc::not_found, "no chat template '" + std::string(name) + "'; known: " + known);
}

Result<ChatTemplate> ChatTemplate::recognise(std::string_view jinja) {
  const std::string normal = normal_form(jinja);
  const std::size_t cut = std::min(normal.rfind("{%- if add_generation_prompt"), normal.size());
  const std::uint64_t head = hash_of(std::string_view(normal).substr(0, cut));
  const std::uint64_t tail = hash_of(std::string_view(normal).substr(cut));
  const auto* known_head = std::ranges::find(kHeads, head, &KnownHead::hash);
  const auto* known_tail = std::ranges::find(kTails, tail, &KnownTail::hash);
  if (known_head == std::end(kHeads) || known_tail == std::end(kTails)) {
    return fail(Errc::invalid_argument, "chat_template is none of Qwen3's (" + hex(head) + ", " +
                                            hex(tail) +
                                            "); to use one of them all the same, "
                                            "name it: qwen3, qwen3-instruct-2507, "
                                            "qwen3-thinking-2507 or qwen3-nonthinking");
  }
  return ChatTemplate(known_tail->thinking, known_head->closes_last);
}

Result<ChatTemplate> ChatTemplate::recognise_config(std::string_view tokenizer_config) {
  const auto config = nlohmann::json::parse(tokenizer_config, nullptr, /*allow_exceptions=*/false);
  INFERENCE_TRY(const std::string jinja, template_of(config));
  return recognise(jinja);
}

Result<ChatTemplate> ChatTemplate::load(const std::filesystem::path& dir) {
  std::error_code ignored;
  std::filesystem::path path = dir / "chat_template.jinja";
  const bool is_alone = std::filesystem::exists(path, ignored);
  if (!is_alone) path = dir / "tokenizer_config.json";
  if (!std::filesystem::exists(path, ignored)) {
    return fail(Errc::not_found,
                dir.string() + ": neither chat_template.jinja nor tokenizer_config.json");
  }
  INFERENCE_TRY(const std::string text, read_text_file(path, kMaxFileBytes));
  auto found = is_alone ? recognise(text) : recognise_config(text);
  if (!found) return fail(found.error().code, path.string() + ": " + found.error().detail);
  return found;
}

}  // namespace sluice::inference
