// The file is read as a stream of values, each with its path ("model.dropout"): 150 000 tokens and
// as many merges never become a tree, and a key that nobody asked about cannot go unnoticed.
#include "inference/tokenizer_file.h"

#include "inference/json_file.h"
#include "inference/pretokenizer.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

namespace sluice::inference {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxFileBytes = std::int64_t{256} << 20;
constexpr std::size_t kMaxDepth = 8;
constexpr std::int64_t kMaxId = (1 << 22) - 1;

Error refuse(const std::string& what) { return fail(Errc::invalid_argument, what); }

/// What a setting may be. Settings that cannot change ids or texts may be anything.
struct Rule {
  std::string_view path;
  const char* values;  // A JSON array; null: anything.
  bool required = false;
};

const Rule kRules[] = {
    {"version", nullptr},
    {"truncation", "[null]"},
    {"padding", "[null]"},
    {"normalizer", "[null]"},
    {"normalizer.type", R"(["NFC"])"},
    {"pre_tokenizer.type", R"(["Sequence"])", true},
    {"pre_tokenizer.pretokenizers.0.type", R"(["Split"])", true},
    {"pre_tokenizer.pretokenizers.0.pattern.Regex", nullptr, true},
    {"pre_tokenizer.pretokenizers.0.behavior", R"(["Isolated"])", true},
    {"pre_tokenizer.pretokenizers.0.invert", "[false]", true},
    {"pre_tokenizer.pretokenizers.1.type", R"(["ByteLevel"])", true},
    {"pre_tokenizer.pretokenizers.1.add_prefix_space", "[false]", true},
    {"pre_tokenizer.pretokenizers.1.trim_offsets", nullptr},
    {"pre_tokenizer.pretokenizers.1.use_regex", "[false]", true},
    {"post_processor", "[null]"},
    {"post_processor.type", R"(["ByteLevel"])"},
    {"post_processor.add_prefix_space", nullptr},
    {"post_processor.trim_offsets", nullptr},
    {"post_processor.use_regex", nullptr},
    {"decoder.type", R"(["ByteLevel"])", true},
    {"decoder.add_prefix_space", nullptr},
    {"decoder.trim_offsets", nullptr},
    {"decoder.use_regex", nullptr},
    {"model.type", R"(["BPE"])", true},
    {"model.dropout", "[null]"},
    {"model.unk_token", nullptr},  // Every byte has a token.
    {"model.continuing_subword_prefix", R"([null, ""])"},
    {"model.end_of_word_suffix", R"([null, ""])"},
    {"model.fuse_unk", nullptr},
    {"model.byte_fallback", "[false]"},
    {"model.ignore_merges", "[false]"},
};

/// Receives the values of the file in its order. The first thing that cannot be ends the reading.
class FileReader final : public nlohmann::json_sax<json> {
 public:
  TokenizerFile file;
  std::map<std::string, json, std::less<>> settings;
  std::map<std::size_t, std::map<std::string, json, std::less<>>> added_tokens;
  std::string error;

  bool null() override { return value(nullptr); }
  bool boolean(bool flag) override { return value(flag); }
  bool number_integer(std::int64_t number) override { return value(number); }
  bool number_unsigned(std::uint64_t number) override { return value(number); }
  bool number_float(double number, const std::string&) override { return value(number); }
  bool string(std::string& text) override {
    return in_merges() ? merge_part(std::move(text)) : value(std::move(text));
  }
  bool binary(binary_t&) override { return wrong("is binary"); }
  bool start_object(std::size_t) override {
    return in_vocab() || in_merges() ? wrong("is an object") : open(false);
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override {
    if (in_vocab() || (in_merges() && frames_.size() > 3)) return wrong("is an array");
    parts_.clear();
    return open(true);
  }
  bool end_array() override {
    const bool is_pair = frames_.size() > 3 && in_merges();
    return (!is_pair || end_of_pair()) && close();
  }
  bool key(std::string& name) override {
    frames_.back().key = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& e) override {
    error = e.what();
    return false;
  }

 private:
  struct Frame {
    bool is_array = false;
    std::string key;        // Of an object: the last one read.
    std::size_t index = 0;  // Of an array: of the element being read.
  };

  [[nodiscard]] bool in_model(std::string_view key, bool array) const {
    return frames_.size() > 2 && frames_[0].key == "model" && frames_[1].key == key &&
           frames_[2].is_array == array;
  }
  [[nodiscard]] bool in_vocab() const { return in_model("vocab", false); }
  [[nodiscard]] bool in_merges() const { return in_model("merges", true); }

  [[nodiscard]] std::string path() const {
    std::string path;
    for (const Frame& frame : frames_) {
      if (!path.empty()) path += '.';
      path += frame.is_array ? std::to_string(frame.index) : frame.key;
    }
    return path;
  }

  bool wrong(const std::string& what) {
    error = path() + " " + what;
    return false;
  }

  bool open(bool is_array) {
    if (frames_.size() == kMaxDepth) return wrong("is nested too deeply");
    frames_.push_back({is_array, {}, 0});
    return true;
  }

  bool close() {
    frames_.pop_back();
    return done();
  }

  /// A value is complete; the next one of an array has the next index.
  bool done() {
    if (!frames_.empty() && frames_.back().is_array) ++frames_.back().index;
    return true;
  }

  bool value(json scalar) {
    if (frames_.empty()) return wrong("the file is no object");
    if (in_merges()) return wrong("is no string");
    if (in_vocab()) return token(scalar);
    const bool is_added = frames_.size() == 3 && frames_[0].key == "added_tokens" &&
                          frames_[1].is_array && !frames_[2].is_array;
    const bool is_new =
        is_added ? added_tokens[frames_[1].index].emplace(frames_[2].key, std::move(scalar)).second
                 : settings.emplace(path(), std::move(scalar)).second;
    return is_new ? done() : wrong("is given twice");
  }

  bool token(const json& id) {
    if (!id.is_number_integer() || id < 0 || id > kMaxId) return wrong("is no token id");
    file.vocab.emplace_back(std::move(frames_.back().key), id.get<TokenId>());
    return true;
  }

  bool merge_part(std::string text) {
    if (frames_.size() > 3) {
      parts_.push_back(std::move(text));
      return done();
    }
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
      return wrong("is not \"left right\"");
    }
    file.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
    return done();
  }

  bool end_of_pair() {
    if (parts_.size() != 2) return wrong("is no pair");
    file.merges.emplace_back(std::move(parts_[0]), std::move(parts_[1]));
    parts_.clear();
    return true;
  }

  std::vector<Frame> frames_;
  std::vector<std::string> parts_;
};

Result<void> check_settings(const std::map<std::string, json, std::less<>>& settings) {
  for (const auto& [path, value] : settings) {
    const auto* rule = std::ranges::find(kRules, path, &Rule::path);
    if (rule == std::end(kRules)) {
      return refuse("unknown key '" + path + "': it may change the ids");
    }
    if (rule->values == nullptr) continue;
    const json allowed = json::parse(rule->values);
    if (std::ranges::find(allowed, value) == allowed.end()) {
      return refuse(path + " is " + value.dump() +
                    ", which is not known; known: " + allowed.dump());
    }
  }
  for (const Rule& rule : kRules) {
    if (rule.required && !settings.contains(rule.path)) {
      return refuse("missing key '" + std::string(rule.path) + "'");
    }
  }
  const json& pattern = settings.at("pre_tokenizer.pretokenizers.0.pattern.Regex");
  if (pattern != kPretokenPattern) {
    return refuse("pre_tokenizer.pretokenizers.0.pattern.Regex is " + pattern.dump() +
                  ", which is not the one of Qwen2 and Qwen3");
  }
  return {};
}

Result<TokenizerFile::AddedToken> read_added_token(
    std::size_t index, const std::map<std::string, json, std::less<>>& fields) {
  const std::string path = "added_tokens." + std::to_string(index);
  TokenizerFile::AddedToken token;
  for (const auto& [key, value] : fields) {
    if (key == "id" && value.is_number_integer() && value >= 0 && value <= kMaxId) {
      token.id = value.get<TokenId>();
    } else if (key == "content" && value.is_string() && value != "") {
      token.content = value.get<std::string>();
    } else if (key == "special" && value.is_boolean()) {
      token.special = value.get<bool>();
    } else if ((key != "single_word" && key != "lstrip" && key != "rstrip" &&
                key != "normalized") ||
               value != false) {
      return refuse(path + "." + key + " is " + value.dump() + ", which is not known");
    }
  }
  if (token.id < 0 || token.content.empty()) return refuse(path + " needs id and content");
  return token;
}

}  // namespace

Result<TokenizerFile> parse_tokenizer_file(std::string_view text) {
  FileReader reader;
  if (!json::sax_parse(text.begin(), text.end(), &reader)) return refuse(reader.error);
  INFERENCE_CHECK(check_settings(reader.settings));
  for (const auto& [index, fields] : reader.added_tokens) {
    INFERENCE_TRY(auto token, read_added_token(index, fields));
    reader.file.added_tokens.push_back(std::move(token));
  }
  reader.file.nfc = reader.settings.contains("normalizer.type");
  return std::move(reader.file);
}

Result<TokenizerFile> read_tokenizer_file(const std::filesystem::path& path) {
  INFERENCE_TRY(const std::string text, read_text_file(path, kMaxFileBytes));
  auto file = parse_tokenizer_file(text);
  if (!file) return fail(file.error().code, path.string() + ": " + file.error().detail);
  return file;
}

}  // namespace sluice::inference
