// Any bytes as a JSON Schema: no crash and no endless work, and of a schema that compiles, a model
// that writes any allowed token at random writes a text that is JSON and satisfies the schema. The
// first two bytes choose the random numbers, and how long the text may be.

#include "inference/json_schema.h"
#include "tests/fuzz/inference_properties.h"
#include "tests/inference/grammar_fixtures.h"
#include "tests/inference/schema_validator.h"

#include <nlohmann/json.hpp>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMaxTokens = 2000;  // The shortest text of a schema may have a million.

const std::shared_ptr<const VocabularyTrie>& trie() {
  static const auto made = VocabularyTrie::build(made_up_vocabulary(400)).value();
  return made;
}

void check_text(const Json& schema, const std::shared_ptr<const CompiledGrammar>& grammar,
                std::uint64_t seed) {
  Random random(seed);
  const auto mask = make_token_mask(grammar, trie());
  const std::int64_t most = mask->min_tokens() + static_cast<std::int64_t>(seed >> 8);
  if (most > kMaxTokens) return;
  const Picker any = [&](const std::vector<TokenId>& tokens) {
    return tokens[pick(random, tokens.size())];
  };
  const auto out = generate(*mask, *trie(), most, any, random, seed % 4);
  INFERENCE_ASSERT(out.is_whole && !out.was_stuck);
  const Json value = Json::parse(out.text, nullptr, false);
  INFERENCE_ASSERT(!value.is_discarded());
  INFERENCE_ASSERT(validates(schema, value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Json schema = Json::parse(fuzz::text_of(data + 2, size - 2), nullptr, false);
  if (schema.is_discarded()) return 0;
  // Small, so that there are many rounds a second; the bounds themselves have their own tests.
  const GrammarLimits limits{.states = 5000, .recursion = 4, .text_chars = 300};
  const auto grammar = json_schema_grammar(schema, limits);
  if (!grammar) {
    fuzz::check_refused(grammar.error());
    return 0;
  }
  check_text(schema, grammar.value(), data[0] | static_cast<std::uint64_t>(data[1] % 128) << 8);
  return 0;
}

}  // namespace sluice::inference
