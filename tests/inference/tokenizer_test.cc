// Ids against golden ones of PyPI tokenizers, of the committed tiny tokenizer always and of Qwen3's
// where its tokenizer.json is at hand; what holds for every text; and what damaged files do.
#include "inference/tokenizer.h"

#include "inference/nfc.h"
#include "inference/tokenizer_file.h"
#include "tests/inference/tokenizer_fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>
#include <tuple>

namespace sluice::inference {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

void expect_goldens(const Tokenizer& tokenizer, const std::string& file, std::size_t at_least) {
  const auto goldens = read_json_lines(data_dir() / file);
  EXPECT_GE(goldens.size(), at_least);
  for (const json& golden : goldens) {
    const auto ids = golden.at(1).get<std::vector<TokenId>>();
    ASSERT_EQ(tokenizer.encode_with_controls(golden.at(0).get<std::string>()), ids) << golden[0];
  }
}

TEST(Tokenizer, GivesTheIdsOfHuggingFaceWithTheTinyFile) {
  for (int pass = 0; pass < 2; ++pass) {  // The second one knows which tokens are whole.
    expect_goldens(tiny_tokenizer(), "tiny_goldens.jsonl", 700);
  }
}

TEST(Tokenizer, GivesTheIdsOfHuggingFaceWithQwen3) {
  if (qwen3_tokenizer() == nullptr) GTEST_SKIP() << kNoQwen3;
  for (int pass = 0; pass < 2; ++pass) {
    expect_goldens(*qwen3_tokenizer(), "qwen3_goldens.jsonl", 2000);
  }
}

TEST(Tokenizer, DecodesToTheNormalisedText) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random_text(random);
    ASSERT_EQ(tiny_tokenizer().decode(tiny_tokenizer().encode(text)), to_nfc(text)) << json(text);
  }
}

TEST(Tokenizer, NeverMakesAControlTokenOfText) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  std::mt19937 random(2);
  for (int i = 0; i < 20'000; ++i) {
    for (const TokenId id : tokenizer.encode(random_text(random))) {
      ASSERT_EQ(tokenizer.vocabulary().at(id).kind, Vocabulary::Kind::text);
    }
  }
  const auto id = tokenizer.find_control("<|im_end|>");
  ASSERT_TRUE(id);
  EXPECT_GT(tokenizer.encode("<|im_end|>").size(), 1U);
  EXPECT_EQ(tokenizer.encode_with_controls("<|im_end|>"), std::vector{*id});
}

TEST(Tokenizer, EncodesTheSidesOfAControlTokenApart) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  std::mt19937 random(3);
  for (int i = 0; i < 2'000; ++i) {
    const std::string left = random_text(random);
    const std::string right = random_text(random);
    auto joined = tokenizer.encode_with_controls(left);
    joined.push_back(tokenizer.find_control("<|im_start|>").value());
    const auto more = tokenizer.encode_with_controls(right);
    joined.insert(joined.end(), more.begin(), more.end());
    ASSERT_EQ(tokenizer.encode_with_controls(left + "<|im_start|>" + right), joined);
  }
}

TEST(Tokenizer, ReadsBrokenUtf8AsReplacementCharacters) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  EXPECT_EQ(tokenizer.encode("a\xE4\xB8 b\xFF"), tokenizer.encode("a\uFFFD b\uFFFD"));
  const TokenId half = tokenizer.find("\xE4").value();
  EXPECT_EQ(tokenizer.decode(std::vector{half}), "\uFFFD");
}

TEST(Tokenizer, KeepsOrLeavesOutControlTokens) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  auto ids = tokenizer.encode_with_controls("<think>a</think><|im_end|>");
  ids.push_back(-1);
  ids.push_back(1'000'000);
  EXPECT_EQ(tokenizer.decode(ids), "<think>a</think><|im_end|>");
  EXPECT_EQ(tokenizer.decode(ids, ControlText::skip_special), "<think>a</think>");
  EXPECT_EQ(tokenizer.decode(ids, ControlText::skip), "a");
}

TEST(Tokenizer, FindsTokensByNameAndByBytes) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  EXPECT_TRUE(tokenizer.is_special(tokenizer.find("<|im_end|>").value()));
  EXPECT_FALSE(tokenizer.is_special(tokenizer.find("<think>").value()));
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = tokenizer.find(std::string(1, static_cast<char>(byte)));
    ASSERT_TRUE(id);
    EXPECT_EQ(tokenizer.vocabulary().at(*id).bytes[0], static_cast<char>(byte));
  }
  EXPECT_FALSE(tokenizer.find(""));
  EXPECT_FALSE(tokenizer.find("no such token"));
  EXPECT_FALSE(tokenizer.find_control("a"));
}

TEST(Tokenizer, TakesLinearTimeForOneEndlessWord) {
  const Tokenizer& tokenizer = tiny_tokenizer();
  for (const std::string& unit : {std::string("a"), std::string("the"), std::string("!"),
                                  std::string(" "), std::string("\u0301"), std::string("漢")}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    const auto begin = std::chrono::steady_clock::now();
    const auto ids = tokenizer.encode(text);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << unit;
    EXPECT_EQ(tokenizer.decode(ids), text);
  }
}

TEST(Tokenizer, MayBeUsedByManyThreads) {
  auto fresh = Tokenizer::load(data_dir() / "tiny");  // Nothing known of it yet.
  ASSERT_TRUE(fresh);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < 4; ++i) {
    threads.emplace_back([&fresh, i] {
      std::mt19937 random(i % 2);
      for (int n = 0; n < 1'000; ++n) {
        const std::string text = random_text(random);
        ASSERT_EQ(fresh.value().encode(text), tiny_tokenizer().encode(text));
      }
    });
  }
}

/// A folder of this process's own: tests run side by side.
std::filesystem::path own_dir(const std::string& name) {
  const std::string unique = name + "_" + std::to_string(::getpid());
  return std::filesystem::path(::testing::TempDir()) / unique;
}

/// What load() says of the tiny file after `change`.
std::string error_after(const std::function<void(json&)>& change) {
  json file = json::parse(read_all(data_dir() / "tiny" / "tokenizer.json"));
  change(file);
  const auto dir = own_dir("damaged_tokenizer");
  std::filesystem::create_directories(dir);
  std::ofstream(dir / "tokenizer.json") << file.dump();
  const auto loaded = Tokenizer::load(dir);
  if (loaded) return "loaded";
  EXPECT_EQ(loaded.error().code, Errc::invalid_argument);
  EXPECT_THAT(loaded.error().detail, HasSubstr("/tokenizer.json: "));
  return loaded.error().detail;
}

TEST(Tokenizer, RefusesWhatWouldChangeIdsByName) {
  const std::vector<std::tuple<std::string, json, std::string>> cases = {
      {"/normalizer/type", "NFKC", "normalizer.type is \"NFKC\""},
      {"/normalizer/lowercase", true, "unknown key 'normalizer.lowercase'"},
      {"/surprise", 1, "unknown key 'surprise'"},
      {"/truncation", {{"max_length", 5}}, "'truncation.max_length'"},
      {"/model/type", "Unigram", "model.type is \"Unigram\""},
      {"/model/dropout", 0.1, "model.dropout is 0.1"},
      {"/model/ignore_merges", true, "model.ignore_merges is true"},
      {"/model/byte_fallback", true, "model.byte_fallback"},
      {"/model/continuing_subword_prefix", "##", "continuing_subword_prefix is \"##\""},
      {"/pre_tokenizer", nullptr, "unknown key 'pre_tokenizer'"},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\\p{N}{1,3}", "not the one of Qwen2"},
      {"/pre_tokenizer/pretokenizers/0/behavior", "Removed", "behavior is \"Removed\""},
      {"/pre_tokenizer/pretokenizers/1/use_regex", true, "1.use_regex is true"},
      {"/pre_tokenizer/pretokenizers/1/add_prefix_space", true, "add_prefix_space is true"},
      {"/post_processor/type", "TemplateProcessing", "post_processor.type"},
      {"/added_tokens/3/lstrip", true, "added_tokens.3.lstrip is true"},
      {"/added_tokens/3/normalized", true, "added_tokens.3.normalized is true"},
  };
  for (const auto& [path, value, what] : cases) {
    EXPECT_THAT(
        error_after([&at = path, &to = value](json& file) { file[json::json_pointer(at)] = to; }),
        HasSubstr(what));
  }
  EXPECT_THAT(error_after([](json& file) { file["decoder"].erase("type"); }),
              HasSubstr("missing key 'decoder.type'"));
}

TEST(Tokenizer, RefusesTokensThatDoNotFitEachOther) {
  const std::vector<std::tuple<std::string, json, std::string>> cases = {
      {"/model/vocab/Ġ", -1, "model.vocab.Ġ is no token id"},
      {"/model/vocab/Ġ", 1.5, "is no token id"},
      {"/model/vocab/Ġ", 1LL << 40, "is no token id"},
      {"/model/vocab/Ġ", json::array({1}), "is an array"},
      {"/model/vocab/Ġ", 0, "id 0 is given twice"},
      {"/model/vocab/Ġ", 539, "id 539 is given twice"},
      {"/model/vocab/漢", 530, "'漢' is not byte-level"},
      {"/model/vocab/", 600, "'' is not byte-level"},
      {"/model/vocab/<think>", 600, "'<think>' has another id"},
      {"/model/merges/0", "ab", "model.merges.0 is not \"left right\""},
      {"/model/merges/0", "a b c", "is not \"left right\""},
      {"/model/merges/0", json::array({"a"}), "is no pair"},
      {"/model/merges/0", json::array({"a", 1}), "is no string"},
      {"/model/merges/0", json::array({"~", "~"}), "model.merges.0: '~' and '~'"},
      {"/model/merges", json::object(), "unknown key"},
      {"/added_tokens/0/id", 1, "is given twice"},
      {"/added_tokens/0/content", "<think>", "is given twice"},
      {"/added_tokens/0/content", "", "added_tokens.0.content"},
  };
  for (const auto& [path, value, what] : cases) {
    const std::string error =
        error_after([&at = path, &to = value](json& file) { file[json::json_pointer(at)] = to; });
    if (path == "/model/merges" && error == "loaded") continue;  // {} says that there are none.
    EXPECT_THAT(error, HasSubstr(what)) << path;
  }
  EXPECT_THAT(error_after([](json& file) { file["model"]["vocab"].erase("Ġ"); }),
              HasSubstr("no token for the byte 32"));
  EXPECT_THAT(error_after([](json& file) {
                file["model"]["merges"].push_back(file["model"]["merges"][0]);
              }),
              HasSubstr("is given twice"));
}

TEST(Tokenizer, TakesBothFormsOfMerges) {
  EXPECT_EQ(error_after([](json& file) {
              for (json& merge : file["model"]["merges"]) {
                merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
              }
            }),
            "loaded");
  const auto old_form = Tokenizer::load(own_dir("damaged_tokenizer"));
  expect_goldens(old_form.value(), "tiny_goldens.jsonl", 700);
}

TEST(Tokenizer, SurvivesFilesCutOrBentAnywhere) {
  const std::string whole = read_all(data_dir() / "tiny" / "tokenizer.json");
  const auto dir = own_dir("bent_tokenizer");
  std::filesystem::create_directories(dir);
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    std::string bent = whole;
    if (i % 4 == 0) bent.resize(random() % bent.size());
    for (int n = 0; n < 3 && !bent.empty(); ++n) {
      bent[random() % bent.size()] = static_cast<char>("\"[]{},:0\\\xFF"[random() % 10]);
    }
    std::ofstream(dir / "tokenizer.json", std::ios::binary) << bent;
    const auto loaded = Tokenizer::load(dir);
    if (!loaded) {
      EXPECT_FALSE(loaded.error().detail.empty());
    }
  }
  EXPECT_EQ(Tokenizer::load(dir / "nowhere").error().code, Errc::not_found);
}

}  // namespace
}  // namespace sluice::inference
