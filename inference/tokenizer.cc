#include "inference/tokenizer.h"

#include "inference/nfc.h"
#include "inference/pretokenizer.h"
#include "inference/tokenizer_file.h"
#include "inference/utf8.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::inference {
namespace {

Error refuse(const std::string& what) { return fail(Errc::invalid_argument, what); }

/// The letter each byte has in the file (GPT-2's): itself where it prints, else one from U+0100 on.
class ByteLetters {
 public:
  ByteLetters() {
    bytes_.fill(-1);
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool prints =
          (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      bytes_[prints ? byte : next++] = static_cast<int>(byte);
    }
  }

  /// The bytes that `letters` stand for; nothing where one stands for none.
  [[nodiscard]] std::optional<std::string> bytes_of(std::string_view letters) const {
    std::string bytes;
    while (!letters.empty()) {
      const Utf8Character letter = read_utf8(letters);
      if (letter.code >= bytes_.size() || bytes_[letter.code] < 0) return std::nullopt;
      bytes.push_back(static_cast<char>(bytes_[letter.code]));
      letters.remove_prefix(letter.bytes);
    }
    return bytes;
  }

 private:
  std::array<int, 0x100 + 68> bytes_{};  // By letter; -1: none.
};

std::string_view text_of(std::string_view text, std::string& copy) {
  if (is_valid_utf8(text)) return text;
  copy = to_valid_utf8(text);
  return copy;
}

}  // namespace

Result<Tokenizer> Tokenizer::load(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "tokenizer.json";
  INFERENCE_TRY(const TokenizerFile file, read_tokenizer_file(path));
  auto tokenizer = from(file);
  if (!tokenizer) {
    return fail(tokenizer.error().code, path.string() + ": " + tokenizer.error().detail);
  }
  return tokenizer;
}

Result<Tokenizer> Tokenizer::from(const TokenizerFile& file) {
  Tokenizer tokenizer;
  tokenizer.nfc_ = file.nfc;
  INFERENCE_CHECK(tokenizer.take_vocabulary(file));
  INFERENCE_CHECK(tokenizer.take_merges(file));
  return tokenizer;
}

Result<void> Tokenizer::take_vocabulary(const TokenizerFile& file) {
  TokenId highest = -1;
  for (const auto& [token, id] : file.vocab) highest = std::max(highest, id);
  for (const auto& token : file.added_tokens) highest = std::max(highest, token.id);
  const auto size = static_cast<std::size_t>(highest + 1);
  std::vector<Vocabulary::Entry> entries(size);
  const auto entry_of = [&](TokenId id) -> auto& { return entries[static_cast<std::size_t>(id)]; };
  control_ids_ = TokenMap(file.added_tokens.size());
  for (const auto& token : file.added_tokens) {
    Vocabulary::Entry& entry = entry_of(token.id);
    const bool is_new = entry.kind == Vocabulary::Kind::unused;
    if (is_new) entry = {token.content, Vocabulary::Kind::control};
    if (!is_new || !control_ids_.add(entry.bytes, token.id)) {
      return refuse("added token '" + token.content + "' or its id is given twice");
    }
    controls_.push_back({token.content, token.id, token.special});
    control_begins_[static_cast<unsigned char>(token.content[0])] = true;
  }
  std::ranges::stable_sort(controls_, std::greater<>(),
                           [](const Control& c) { return c.name.size(); });

  const ByteLetters letters;
  for (const auto& [token, id] : file.vocab) {
    // Some files list the added tokens here as well; then they are what they are there.
    if (const auto control = find_control(token); control) {
      if (*control == id) continue;
      return refuse("added token '" + token + "' has another id in model.vocab");
    }
    auto bytes = letters.bytes_of(token);
    if (!bytes || bytes->empty()) return refuse("model.vocab: '" + token + "' is not byte-level");
    if (entry_of(id).kind != Vocabulary::Kind::unused) {
      return refuse("model.vocab: id " + std::to_string(id) + " is given twice");
    }
    longest_token_ = std::max(longest_token_, bytes->size());
    entry_of(id) = {std::move(*bytes), Vocabulary::Kind::text};
  }

  vocabulary_ = std::make_unique<Vocabulary>(std::move(entries));
  text_ids_ = TokenMap(file.vocab.size());
  for (TokenId id = 0; id <= highest; ++id) {
    const Vocabulary::Entry& entry = vocabulary_->at(id);
    if (entry.kind == Vocabulary::Kind::text && !text_ids_.add(entry.bytes, id)) {
      return refuse("model.vocab: token " + std::to_string(id) + " is given twice");
    }
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    byte_ids_[byte] = text_ids_.find({&character, 1});
    if (byte_ids_[byte] < 0) {
      return refuse("model.vocab: no token for the byte " + std::to_string(byte));
    }
  }
  whole_ = std::make_unique<std::atomic<std::uint8_t>[]>(size);
  return {};
}

Result<void> Tokenizer::take_merges(const TokenizerFile& file) {
  const ByteLetters letters;
  merges_ = BpeMerges(file.merges.size());
  for (std::size_t i = 0; i < file.merges.size(); ++i) {
    const auto& [left, right] = file.merges[i];
    const std::string name = "model.merges." + std::to_string(i);
    const auto left_bytes = letters.bytes_of(left);
    const auto right_bytes = letters.bytes_of(right);
    if (!left_bytes || !right_bytes) return refuse(name + ": is not byte-level");
    const TokenId left_id = text_ids_.find(*left_bytes);
    const TokenId right_id = text_ids_.find(*right_bytes);
    const TokenId merged = text_ids_.find(*left_bytes + *right_bytes);
    if (left_id < 0 || right_id < 0 || merged < 0) {
      return refuse(name + ": '" + left + "' and '" + right + "' or both together are no token");
    }
    if (!merges_.add(left_id, right_id, merged)) return refuse(name + ": is given twice");
  }
  return {};
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  std::string copy;
  std::vector<TokenId> ids;
  append_text(text_of(text, copy), ids);
  return ids;
}

std::vector<TokenId> Tokenizer::encode_with_controls(std::string_view text) const {
  std::string copy;
  std::vector<TokenId> ids;
  std::string_view rest = text_of(text, copy);
  for (std::size_t at = 0; at < rest.size();) {
    const Control* control = control_at(rest.substr(at));
    if (control == nullptr) {
      ++at;
      continue;
    }
    append_text(rest.substr(0, at), ids);
    ids.push_back(control->id);
    rest.remove_prefix(at + control->name.size());
    at = 0;
  }
  append_text(rest, ids);
  return ids;
}

/// `text` is valid UTF-8.
void Tokenizer::append_text(std::string_view text, std::vector<TokenId>& out) const {
  std::string normal;
  if (nfc_ && !is_nfc_quick(text)) {
    normal = to_nfc(text);
    text = normal;
  }
  out.reserve(out.size() + text.size() / 3);
  while (!text.empty()) {
    const std::size_t size = pretoken_size(text);
    append_pretoken(text.substr(0, size), out);
    text.remove_prefix(size);
  }
}

void Tokenizer::append_pretoken(std::string_view bytes, std::vector<TokenId>& out) const {
  const TokenId id = bytes.size() <= longest_token_ ? text_ids_.find(bytes) : -1;
  std::atomic<std::uint8_t>* const whole = id < 0 ? nullptr : &whole_[static_cast<std::size_t>(id)];
  std::uint8_t known = no;
  if (whole != nullptr) known = whole->load(std::memory_order_relaxed);
  if (known == yes) {
    out.push_back(id);
    return;
  }
  const std::size_t begin = out.size();
  for (const char c : bytes) out.push_back(byte_ids_[static_cast<unsigned char>(c)]);
  const std::size_t size = merges_.merge(std::span(out).subspan(begin));
  out.resize(begin + size);
  if (whole != nullptr && known == unknown) {
    whole->store(size == 1 ? yes : no, std::memory_order_relaxed);
  }
}

const Tokenizer::Control* Tokenizer::control_at(std::string_view text) const noexcept {
  if (!control_begins_[static_cast<unsigned char>(text[0])]) return nullptr;
  const auto it = std::ranges::find_if(
      controls_, [&](const Control& control) { return text.starts_with(control.name); });
  return it == controls_.end() ? nullptr : &*it;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, ControlText controls) const {
  std::string bytes;
  for (const TokenId id : ids) {
    const Vocabulary::Entry& entry = vocabulary_->at(id);
    const bool skipped = entry.kind == Vocabulary::Kind::control &&
                         (controls == ControlText::skip ||
                          (controls == ControlText::skip_special && is_special(id)));
    if (!skipped) bytes += entry.bytes;
  }
  return is_valid_utf8(bytes) ? bytes : to_valid_utf8(bytes);
}

std::optional<TokenId> Tokenizer::find(std::string_view token) const {
  if (const auto control = find_control(token); control) return control;
  const TokenId id = text_ids_.find(token);
  return id < 0 ? std::nullopt : std::optional(id);
}

std::optional<TokenId> Tokenizer::find_control(std::string_view name) const {
  const TokenId id = control_ids_.find(name);
  return id < 0 ? std::nullopt : std::optional(id);
}

bool Tokenizer::is_special(TokenId id) const noexcept {
  const auto it = std::ranges::find(controls_, id, &Control::id);
  return it != controls_.end() && it->special;
}

}  // namespace sluice::inference
