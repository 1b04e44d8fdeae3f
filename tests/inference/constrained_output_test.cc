// Constrained output through the whole engine: random schemas, a transformer with random weights
// over bytes and a few words, random temperature, seed and room, many generations in a batch. Every
// text is whole JSON that satisfies its schema, as the validator of the tests reads the
// specification, and the same request alone gives the same text.
//
// SLUICE_CONSTRAINED_TEXTS: how many texts (300 unless set).
// SLUICE_CONSTRAINED_SAMPLES: a file for schemas and texts, a JSON object a line, for
// tools/inference/check_json_schema.sh.

#include "inference/json_schema.h"
#include "tests/inference/engine_fixtures.h"
#include "tests/inference/grammar_fixtures.h"
#include "tests/inference/schema_validator.h"
#include "tests/inference/test_model.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTokens = 320;
constexpr std::uint64_t kBatch = 16;
constexpr std::int64_t kRoom = 512;

const std::shared_ptr<const VocabularyTrie>& small_trie() {
  static const auto trie = VocabularyTrie::build(made_up_vocabulary(kTokens)).value();
  return trie;
}

ModelConfig tiny_config() {
  ModelConfig config = small_config();
  config.vocab_size = static_cast<std::int64_t>(small_trie()->vocabulary().size());
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.num_key_value_heads = 1;
  config.head_dim = 16;
  config.max_position_embeddings = 4096;
  return config;
}

std::unique_ptr<Engine> make_engine() {
  const ModelConfig config = tiny_config();
  CpuOptions options;
  options.threads = 1;
  options.kv_cache_bytes =
      kv_block_bytes(config, options.format) * static_cast<std::int64_t>(kBatch) * kRoom / 16;
  auto backend = make_cpu_backend(config, RandomWeights(3).make(config), options).value();
  return std::make_unique<Engine>(EngineOptions(), std::move(backend), small_trie()->vocabulary());
}

/// What seed N asks for. No request where the shortest text is too long for this test.
std::optional<GenerationRequest> request_of(std::uint64_t seed, const Json& schema) {
  const auto grammar = json_schema_grammar(schema);
  EXPECT_TRUE(grammar) << schema.dump() << '\n' << grammar.error().detail;
  if (!grammar) return std::nullopt;
  auto mask = make_token_mask(grammar.value(), small_trie());
  Random random(seed);
  GenerationRequest request;
  request.max_tokens = mask->min_tokens() + static_cast<std::int64_t>(pick(random, 80));
  if (request.max_tokens > kRoom - 16) return std::nullopt;
  for (auto n = 1 + pick(random, 12); n > 0; --n) {
    request.prompt.push_back(static_cast<TokenId>(pick(random, 256)));
  }
  constexpr double kTemperatures[] = {0, 0.3, 1, 2, 10};
  request.sampling.temperature = kTemperatures[pick(random, 5)];
  if (pick(random, 3) == 0) request.sampling.top_p = 0.7;
  if (pick(random, 3) == 0) request.sampling.top_k = 1 + static_cast<std::int64_t>(pick(random, 9));
  request.sampling.seed = seed;
  request.stop_token_ids = {256};
  request.mask = std::move(mask);
  return request;
}

void expect_valid(const Json& schema, const Completion& done) {
  EXPECT_TRUE(done.reason == FinishReason::stop || done.reason == FinishReason::length)
      << done.error;
  const Json value = Json::parse(done.text, nullptr, false);
  ASSERT_FALSE(value.is_discarded()) << schema.dump() << '\n' << done.text;
  ASSERT_TRUE(validates(schema, value)) << schema.dump() << '\n' << done.text;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(ConstrainedOutput, EveryTextSatisfiesItsSchema) {
  const auto texts = number_from("SLUICE_CONSTRAINED_TEXTS", 300);
  const char* samples = std::getenv("SLUICE_CONSTRAINED_SAMPLES");
  std::ofstream file;
  if (samples != nullptr) file.open(samples);
  const auto engine = make_engine();
  std::uint64_t skipped = 0;
  for (std::uint64_t first = 0; first < texts; first += kBatch) {
    std::vector<std::pair<Json, std::shared_ptr<Outcome>>> batch;
    for (std::uint64_t seed = first; seed < std::min(first + kBatch, texts); ++seed) {
      Json schema = RandomSchema(seed)();
      auto request = request_of(seed, schema);
      if (!request) {
        ++skipped;
        continue;
      }
      auto [outcome, callbacks] = Outcome::make();
      const auto id = engine->submit(std::move(*request), std::move(callbacks));
      ASSERT_TRUE(id) << id.error().detail;
      batch.emplace_back(std::move(schema), std::move(outcome));
    }
    for (const auto& [schema, outcome] : batch) {
      const Completion& done = outcome->wait();
      ASSERT_NO_FATAL_FAILURE(expect_valid(schema, done));
      if (file) file << Json{{"schema", schema}, {"text", done.text}}.dump() << '\n';
    }
  }
  EXPECT_LE(skipped, texts / 20);
  RecordProperty("texts", std::to_string(texts - skipped));
}

TEST(ConstrainedOutput, IsTheSameAloneAndInABatch) {
  const auto engine = make_engine();
  std::vector<std::shared_ptr<Outcome>> together;
  for (std::uint64_t seed = 0; seed < kBatch; ++seed) {
    auto request = request_of(seed, RandomSchema(seed)());
    if (!request) continue;
    auto [outcome, callbacks] = Outcome::make();
    ASSERT_TRUE(engine->submit(std::move(*request), std::move(callbacks)));
    together.push_back(std::move(outcome));
  }
  std::vector<std::string> texts;
  for (const auto& outcome : together) texts.push_back(outcome->wait().text);
  std::size_t at = 0;
  for (std::uint64_t seed = 0; seed < kBatch; ++seed) {
    auto request = request_of(seed, RandomSchema(seed)());
    if (!request) continue;
    auto [outcome, callbacks] = Outcome::make();
    ASSERT_TRUE(engine->submit(std::move(*request), std::move(callbacks)));
    EXPECT_EQ(outcome->wait().text, texts[at++]) << seed;
  }
}

}  // namespace
}  // namespace sluice::inference
