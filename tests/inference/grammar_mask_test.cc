// Masks: each is what trying all tokens one by one gives; texts are whole, parse and validate
// whatever the model prefers, within as many tokens as there are; min_tokens() is enough and hardly
// too much. The model is a random one: any allowed token, or always the longest, or the lowest.
//
// SLUICE_GRAMMAR_TEXTS: how many texts the property test writes (10,000 unless set).
// SLUICE_GRAMMAR_SAMPLES: a file for its schemas and texts, a JSON object a line, for
// tools/inference/check_json_schema.sh.

#include "inference/grammar_mask.h"

#include "inference/choice_grammar.h"
#include "inference/grammar_run.h"
#include "inference/json_schema.h"
#include "tests/inference/grammar_fixtures.h"
#include "tests/inference/schema_validator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

std::shared_ptr<const CompiledGrammar> compile(const char* schema) {
  auto grammar = json_schema_grammar(Json::parse(schema));
  EXPECT_TRUE(grammar) << grammar.error().detail;
  return std::move(grammar).value();
}

bool is_allowed(GrammarMask& mask, TokenId id) {
  std::vector<std::uint64_t> bits(made_up_trie()->mask_words());
  mask.allowed(bits);
  return (bits[static_cast<std::size_t>(id) / 64] >> (id % 64) & 1) != 0;
}

/// Some text of the grammar begins with `text`.
bool is_beginning(const CompiledGrammar& grammar, const std::string& text) {
  GrammarRun run(grammar, nullptr);
  GrammarPlaces places;
  run.start(places);
  for (const char c : text) {
    GrammarPlaces next;
    for (const auto& place : places) run.step(place, static_cast<std::uint8_t>(c), next);
    places = std::move(next);
  }
  return !places.empty();
}

std::vector<TokenId> allowed_by_trial(const CompiledGrammar& grammar, const std::string& before,
                                      const Vocabulary& vocabulary) {
  std::vector<TokenId> tokens;
  for (TokenId id = 0; id < static_cast<TokenId>(vocabulary.size()); ++id) {
    const auto& entry = vocabulary.at(id);
    if (entry.kind == Vocabulary::Kind::text && !entry.bytes.empty() &&
        is_beginning(grammar, before + entry.bytes))
      tokens.push_back(id);
  }
  return tokens;
}

TEST(GrammarMask, IsWhatTryingEachTokenGives) {
  const auto trie = made_up_trie();
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Json schema = RandomSchema(seed)();
    const auto grammar = json_schema_grammar(schema);
    ASSERT_TRUE(grammar) << schema.dump() << grammar.error().detail;
    Random random(seed);
    const auto mask = make_token_mask(grammar.value(), trie);
    std::vector<std::uint64_t> bits(trie->mask_words());
    std::string text;
    for (int step = 0; step < 12; ++step) {
      mask->allowed(bits);
      const auto tokens = tokens_of(bits);
      ASSERT_EQ(tokens, allowed_by_trial(*grammar.value(), text, trie->vocabulary()))
          << schema.dump() << "\nbehind " << text;
      if (tokens.empty()) break;
      const TokenId id = tokens[pick(random, tokens.size())];
      mask->accept(id);
      text += trie->vocabulary().at(id).bytes;
    }
  }
}

TEST(GrammarMask, ControlTokensAndEmptyOnesAreNeverAllowed) {
  const auto mask = make_token_mask(compile("{}"), made_up_trie());
  mask->accept('"');
  EXPECT_FALSE(is_allowed(*mask, 256));
  EXPECT_FALSE(is_allowed(*mask, 257));
  EXPECT_TRUE(is_allowed(*mask, '<'));
}

TEST(GrammarMask, WholeTextsMayEndOrGoOn) {
  const std::vector<std::string> choices{"yes", "yes!?!?!?!", "no"};
  const auto mask = make_token_mask(choice_grammar(choices).value(), made_up_trie());
  for (const char c : {'y', 'e', 's'}) {
    EXPECT_FALSE(mask->is_complete());
    mask->accept(c);
  }
  EXPECT_TRUE(mask->is_complete());
  EXPECT_EQ(mask->min_tokens(), 0);
  EXPECT_TRUE(is_allowed(*mask, '!'));
  mask->hurry(0);
  EXPECT_FALSE(is_allowed(*mask, '!'));
  mask->hurry(6);
  EXPECT_FALSE(is_allowed(*mask, '!'));  // "!?!?!?!" takes seven.
  mask->hurry(7);
  EXPECT_TRUE(is_allowed(*mask, '!'));
}

TEST(GrammarMask, MinTokensCountsTokensNotBytes) {
  const auto trie = made_up_trie();
  const auto min_tokens = [&](const char* schema) {
    return make_token_mask(compile(schema), trie)->min_tokens();
  };
  EXPECT_EQ(min_tokens(R"({"const": true})"), 1);
  EXPECT_EQ(min_tokens(R"({"const": {"name": "id"}})"), 5);  // {" name ": " id "}
  EXPECT_EQ(min_tokens(R"({"type": "string"})"), 2);
  EXPECT_LE(min_tokens(R"({"type": "string", "minLength": 1000})"), 102);
  EXPECT_EQ(min_tokens(R"({"type": "object", "properties": {"name": {"type": "null"}}})"), 1);
  EXPECT_EQ(min_tokens(R"({"type": "object", "properties": {"name": {"type": "null"}},
                           "required": ["name"]})"),
            5);
}

TEST(GrammarMask, WithTooFewTokensTheShortestWayIsTaken) {
  const auto trie = made_up_trie();
  const auto grammar = compile(R"({"type": "array", "items": {"type": "string"}, "minItems": 2})");
  const auto mask = make_token_mask(grammar, trie);
  const std::int64_t least = mask->min_tokens();
  Random random(1);
  const Picker any = [&](const auto& tokens) { return tokens[pick(random, tokens.size())]; };
  EXPECT_FALSE(generate(*mask, *trie, least - 1, any, random, 0).is_whole);
  EXPECT_EQ(mask->min_tokens(), 1);
}

/// Always the lowest, or the longest, or any.
Picker picker_of(std::uint64_t kind, const Vocabulary& vocabulary, Random& random) {
  if (kind == 0) return [](const auto& tokens) { return tokens.front(); };
  if (kind == 1) {
    return [&vocabulary](const auto& tokens) {
      return *std::ranges::max_element(tokens, {},
                                       [&](TokenId id) { return vocabulary.at(id).bytes.size(); });
    };
  }
  return [&random](const auto& tokens) { return tokens[pick(random, tokens.size())]; };
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kTexts = 2'000;  // Ten times as slow.
#else
constexpr std::uint64_t kTexts = 10'000;
#endif

TEST(GrammarMask, EachTextIsWholeAndValidWhateverTheModelPrefers) {
  const char* wanted = std::getenv("SLUICE_GRAMMAR_TEXTS");
  const char* samples = std::getenv("SLUICE_GRAMMAR_SAMPLES");
  const std::uint64_t texts = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kTexts;
  std::ofstream file;
  if (samples != nullptr) file.open(samples);
  const auto trie = made_up_trie();
  for (std::uint64_t seed = 0; seed < texts; ++seed) {
    const Json schema = RandomSchema(seed)();
    const auto grammar = json_schema_grammar(schema);
    ASSERT_TRUE(grammar) << schema.dump() << grammar.error().detail;
    Random random(seed);
    const auto mask = make_token_mask(grammar.value(), trie);
    const auto max_tokens = mask->min_tokens() + static_cast<std::int64_t>(pick(random, 80));
    const auto picker = picker_of(pick(random, 6), trie->vocabulary(), random);
    const auto out = generate(*mask, *trie, max_tokens, picker, random, pick(random, 4));
    ASSERT_TRUE(out.is_whole && !out.was_stuck) << seed << ' ' << schema.dump() << '\n' << out.text;
    ASSERT_TRUE(accepts(*grammar.value(), out.text)) << schema.dump() << '\n' << out.text;
    const Json value = Json::parse(out.text, nullptr, false);
    ASSERT_FALSE(value.is_discarded()) << seed << ' ' << schema.dump() << '\n' << out.text;
    ASSERT_TRUE(validates(schema, value)) << seed << ' ' << schema.dump() << '\n' << out.text;
    if (file) file << Json{{"schema", schema}, {"text", out.text}}.dump() << '\n';
  }
}

}  // namespace
}  // namespace sluice::inference
