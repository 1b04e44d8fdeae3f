// What is checked: `sluice model`, by running the program on the demo model: that it tells what a
// checkpoint is and takes, that tokens come back as the text they were, that a seed repeats a text,
// that constraints hold, that logits are those of the backend, and what is said of bad input.

#include "cli/model_token_ids.h"
#include "inference/cpu_backend.h"
#include "tests/cli/run_sluice.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

const std::string kDemo = std::string(SLUICE_SOURCE_DIR) + "/models/ce-tiny-demo";

/// `sluice model COMMAND --model DEMO ARGS...`
ChildOutcome model(const std::string& command, Words args, const std::string& dir = kDemo) {
  args.insert(args.begin(), {"model", command, "--model", dir});
  return run_sluice(std::move(args));
}

/// The same, with a text on standard input.
ChildOutcome model_reading(const std::string& input, const std::string& command, Words args) {
  const std::string file = write_file("stdin", input);
  Words words{"/bin/sh",     "-c",    "exec \"$0\" \"$@\" <'" + file + "'",
              SLUICE_BINARY, "model", command,
              "--model",     kDemo};
  words.insert(words.end(), args.begin(), args.end());
  return run_program(std::move(words));
}

/// A copy of the demo model in a folder of its own.
std::string copy_of_demo(const std::string& name) {
  const std::string dir = testing::TempDir() + std::to_string(::getpid()) + "_" + name;
  std::filesystem::create_directories(dir);
  for (const char* file : {"config.json", "generation_config.json", "tokenizer.json",
                           "tokenizer_config.json", "model.safetensors"}) {
    std::filesystem::copy_file(kDemo + "/" + file, dir + "/" + file,
                               std::filesystem::copy_options::overwrite_existing);
  }
  return dir;
}

TEST(TokenIds, AreReadInBothForms) {
  using Ids = std::vector<inference::TokenId>;
  EXPECT_EQ(parse_token_ids("1,2,3", 10).value(), (Ids{1, 2, 3}));
  EXPECT_EQ(parse_token_ids(" [1, 2 ,3]\n", 10).value(), (Ids{1, 2, 3}));
  EXPECT_EQ(parse_token_ids("9", 10).value(), Ids{9});
  EXPECT_EQ(parse_token_ids("[]", 10).value(), Ids{});
  EXPECT_EQ(parse_token_ids("", 10).value(), Ids{});
}

TEST(TokenIds, RefusesWhatIsNone) {
  for (const char* text : {"a", "1,", ",1", "1,,2", "[1", "1]", "[1]2", "1.5", "1 2", "-1", "10",
                           "0x1", "+1", "99999999999", "[[1]]", "1,a"}) {
    const auto ids = parse_token_ids(text, 10);
    ASSERT_FALSE(ids) << text;
    EXPECT_EQ(ids.error().code, Errc::invalid_argument) << text;
  }
}

TEST(ModelInfo, TellsWhatACheckpointIs) {
  const auto ran = model("info", {});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  for (const char* part :
       {"4 layers, hidden size 192, intermediate size 512", "4 heads of 128, 2 KV heads",
        "3,072 rows, the head is the embedding", "1,024 tokens, rope theta 1e+06",
        "2,951,872, stored as bf16", "model.safetensors, 5.91 MB", "recognised: 3,062 tokens",
        "thinking switchable", "3038 <|im_end|>, 3036 <|endoftext|>", "bfloat16", "int8",
        "float32"}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

TEST(ModelInfo, CountsTheMemoryOfEachFormat) {
  const auto ran = model("info", {"-o", "json", "--kv-cache-bytes", "1M"});
  ASSERT_EQ(ran.status, kExitOk) << ran.err;
  const Json info = Json::parse(ran.out);
  EXPECT_EQ(info["parameters"], 2'951'872);
  EXPECT_EQ(info["architecture"]["tied_head"], true);
  EXPECT_EQ(info["eos_token_ids"], Json::parse("[3038, 3036]"));
  EXPECT_GT(info["memory"]["total_bytes"], 0);
  ASSERT_EQ(info["formats"].size(), 3U);
  const Json& bf16 = info["formats"][0];
  EXPECT_EQ(bf16["dtype"], "bfloat16");
  // 4 layers x 2 (keys, values) x 2 heads x 128 x 2 bytes; 16 tokens a block.
  EXPECT_EQ(bf16["kv_bytes_per_token"], 4096);
  EXPECT_EQ(bf16["max_context"], 1'000'000 / (16 * 4096) * 16);
  EXPECT_EQ(bf16["fits"], true);
  EXPECT_EQ(info["formats"][2]["kv_bytes_per_token"], 8192);
  EXPECT_GT(info["formats"][2]["weight_bytes"], bf16["weight_bytes"]);
  EXPECT_LT(info["formats"][1]["weight_bytes"], bf16["weight_bytes"]);
}

TEST(ModelInfo, SaysWhatIsNotRecognised) {
  const std::string dir = copy_of_demo("no_template");
  std::ofstream(dir + "/chat_template.jinja") << "{{ 'hello' }}";
  const auto ran = model("info", {}, dir);
  EXPECT_EQ(ran.status, kExitBad);
  EXPECT_THAT(ran.out, HasSubstr("chat template  not recognised: "));
  EXPECT_THAT(ran.out, HasSubstr("name it: qwen3, "));
  EXPECT_EQ(model("info", {"--chat-template", "qwen3"}, dir).status, kExitOk);
}

TEST(ModelInfo, SaysWhereItWouldRun) {
  EXPECT_THAT(model("info", {"--device", "cpu"}).out, HasSubstr("\ndevice         cpu\n"));
  EXPECT_THAT(model("info", {"--dtype", "int8"}).out,
              HasSubstr("device         cpu: a GPU computes in bfloat16 and fp8 only\n"));
  const Json info = Json::parse(model("info", {"-o", "json", "--device", "cpu"}).out);
  EXPECT_EQ(info["device"], Json::parse(R"({"name": "cpu", "why_cpu": ""})"));
}

TEST(ModelInfo, SaysWhyADeviceIsNotToBeHad) {
  const auto ran = model("info", {"--device", "cuda", "--dtype", "int8"});
  EXPECT_EQ(ran.status, kExitBad);
  EXPECT_THAT(ran.out, HasSubstr("device         not to be had: device cuda: a GPU computes in "
                                 "bfloat16 and fp8 only; want cpu or auto\n"));
  EXPECT_THAT(ran.out, HasSubstr("2,951,872, stored as bf16")) << "the rest is told all the same";
}

TEST(ModelInfo, SaysWhatLoadingWouldRefuse) {
  const struct {
    Words args;
    const char* message_part;
  } table[] = {
      {{"--max-model-len", "5000"}, "max_model_len 5000: the model has 1024 positions"},
      {{"--kv-cache-bytes", "1"}, "a KV cache of 1 bytes: one block of 16"},
      {{"--dtype", "fp8"}, "dtype fp8: the checkpoint is not in fp8"},
  };
  for (const auto& [args, message_part] : table) {
    const auto info = model("info", args);
    EXPECT_EQ(info.status, kExitBad) << message_part;
    EXPECT_THAT(info.out, HasSubstr("device         not to be had: " + std::string(message_part)));
    Words run = args;
    run.insert(run.end(), {"--prompt", "x"});
    EXPECT_THAT(model("run", run).err, HasSubstr(message_part)) << "as loading says it";
  }
  EXPECT_THAT(model("info", {"--kv-cache-bytes", "1"}).out, Not(HasSubstr("yes, ")));
  EXPECT_THAT(model("info", {"--dtype", "fp8"}).out, Not(HasSubstr("KV per token")))
      << "a table without rows";
  EXPECT_EQ(Json::parse(model("info", {"--dtype", "fp8", "-o", "json"}).out)["formats"],
            Json::array());
}

TEST(ModelTokenize, GoesThereAndBack) {
  for (const std::string text :
       {"I am thirsty", "渴了", " two  spaces\n", "a <|im_end|> b", "", "x-1"}) {
    const auto ids = model("tokenize", {"--", text});
    ASSERT_EQ(ids.status, kExitOk) << ids.err;
    EXPECT_TRUE(Json::parse(ids.out).is_array());
    const auto back = model("tokenize", {"--decode", ids.out});
    EXPECT_EQ(back.out, text + "\n");
  }
  EXPECT_EQ(model("tokenize", {"--decode", "3038,3036"}).out, "<|im_end|><|endoftext|>\n");
}

TEST(ModelTokenize, MakesControlTokensOnlyWhenAsked) {
  EXPECT_EQ(model("tokenize", {"<|im_end|>", "--controls"}).out, "[3038]\n");
  const auto ids = Json::parse(model("tokenize", {"<|im_end|>"}).out);
  EXPECT_GT(ids.size(), 1U);
  for (const int id : ids) EXPECT_LT(id, 3036);
}

TEST(ModelTokenize, ReadsStandardInput) {
  EXPECT_EQ(model_reading("I am thirsty", "tokenize", {"-"}).out,
            model("tokenize", {"I am thirsty"}).out);
}

TEST(ModelRun, PrintsTheTextAloneOnStandardOutput) {
  const auto ran = model("run", {"--prompt", "I am thirsty"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "Drink some water.\n");
  EXPECT_THAT(ran.err, MatchesRegex("[0-9]+ tokens in, 0 of them cached; [0-9]+ out; first after "
                                    "[0-9.]+ s, then [0-9.]+ tokens/s; ended by stop\n"));
}

TEST(ModelRun, ShowsReasoningApart) {
  const auto ran = model("run", {"--prompt", "The printer is out of paper", "--think"});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, Not(HasSubstr("think")));
  EXPECT_GT(ran.err.find(" tokens in, "), 10U);  // Behind the thoughts.
}

TEST(ModelRun, ASeedRepeatsItsText) {
  const auto text = [](const std::string& seed) {
    return model("run", {"--prompt", "Once", "--raw", "--temperature", "2", "--max-tokens", "24",
                         "--seed", seed})
        .out;
  };
  EXPECT_EQ(text("7"), text("7"));
  EXPECT_NE(text("7"), text("8"));
}

TEST(ModelRun, HoldsToChoicesAndSchemas) {
  EXPECT_THAT(model("run", {"--prompt", "hm", "--choice", "blue", "--choice", "green"}).out,
              MatchesRegex("(blue|green)\n"));
  const std::string schema = write_file(
      "schema.json", R"({"type": "object", "properties": {"n": {"type": "integer", "minimum": 5,
                         "maximum": 7}}, "required": ["n"]})");
  const auto ran = model("run", {"--prompt", "hm", "--schema", schema, "--max-tokens", "40"});
  ASSERT_EQ(ran.status, kExitOk) << ran.err;
  const int n = Json::parse(ran.out).at("n");
  EXPECT_TRUE(n >= 5 && n <= 7) << ran.out;
}

TEST(ModelRun, WithoutAPromptEachLineIsATurn) {
  const auto ran = model_reading("I am thirsty\n\n渴了\n", "run",
                                 {"--system", "Decide what to do. Answer in JSON."});
  EXPECT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("{\"action\":\"drink_water\",\"reason\":\"thirsty\"}\n"))
      << ran.out;
  EXPECT_EQ(std::ranges::count(ran.out, '\n'), 2);
  // The second turn has the first before it, whose beginning need not be computed again.
  EXPECT_THAT(ran.err, MatchesRegex("(.|\n)* tokens in, [1-9][0-9]* of them cached(.|\n)*"));
}

TEST(ModelLogits, AreThoseOfTheBackend) {
  const std::string file = write_file("logits.f32", "");
  const auto ran =
      model("logits", {"--ids", "40,282,5", "--out", file, "--dtype", "f32", "--device", "cpu"});
  ASSERT_EQ(ran.status, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("float32, 3 x 3072; cpu"));
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ASSERT_EQ(bytes.size(), 3U * 3072 * sizeof(float));

  inference::CpuOptions options;
  options.format = inference::WeightFormat::f32;
  const auto backend = inference::load_cpu_backend(kDemo, options).value();
  const std::vector<inference::TokenId> ids{40, 282, 5};
  const std::vector<inference::KvBlock> blocks{0};
  std::vector<float> logits(3072);
  const inference::StepPart part = {ids, 0, blocks, true};
  backend->forward({&part, 1}, logits).value();
  EXPECT_EQ(
      std::memcmp(logits.data(), bytes.data() + 2 * 3072 * sizeof(float), 3072 * sizeof(float)), 0);
}

TEST(ModelBench, PrintsItsRates) {
  const auto ran =
      model("bench", {"--prompt-tokens", "20", "--tokens", "4", "--batch", "3", "-o", "json"});
  ASSERT_EQ(ran.status, kExitOk) << ran.err;
  const Json rates = Json::parse(ran.out);
  for (const char* key : {"prefill_tokens_per_s", "decode_tokens_per_s", "bandwidth_bytes_per_s",
                          "bandwidth_ratio"}) {
    EXPECT_GT(rates.at(key), 0) << key;
  }
  EXPECT_EQ(rates["step_bytes"], 2 * 5 * 3072 * 192);
  EXPECT_THAT(model("bench", {"--tokens", "2", "--prompt-tokens", "1"}).out,
              HasSubstr("of what the bandwidth allows"));
}

struct BadRun {
  Words args;
  int status;
  const char* message_part;
};

void expect_refusal(const ChildOutcome& ran, const BadRun& row) {
  EXPECT_EQ(ran.status, row.status) << row.message_part;
  EXPECT_EQ(ran.out, "") << row.message_part;
  EXPECT_THAT(ran.err, testing::StartsWith("error: "));
  EXPECT_THAT(ran.err, HasSubstr(row.message_part));
}

TEST(ModelCommand, RefusesABadCommandLine) {
  const BadRun table[] = {
      {{"model"}, kExitUsage, "subcommand"},
      {{"model", "tokenise"}, kExitUsage, "did you mean 'tokenize'?"},
      {{"model", "info"}, kExitUsage, "--model is required"},
      {{"model", "info", "--model", "/nowhere"}, kExitUsage, "/nowhere"},
      {{"model", "info", "--model", kDemo, "--dtype", "fp4"}, kExitUsage, "bfloat16"},
      {{"model", "info", "--model", kDemo, "--device", "tpu"}, kExitUsage, "cuda"},
      {{"model", "run", "--model", kDemo, "--determinism", "loose"}, kExitUsage, "strict"},
      {{"model", "info", "--model", kDemo, "--kv-cache-bytes", "much"}, kExitUsage, "much"},
      {{"model", "run", "--model", kDemo, "--chat-template", "x"}, kExitUsage, "qwen3"},
      {{"model", "run", "--model", kDemo, "--raw"}, kExitUsage, "--prompt"},
      {{"model", "run", "--model", kDemo, "--think", "--no-think"}, kExitUsage, "excludes"},
      {{"model", "run", "--model", kDemo, "--schema", "/nowhere", "--prompt", "x"},
       kExitUsage,
       "--schema: cannot read '/nowhere'"},
      {{"model", "tokenize", "--model", kDemo}, kExitUsage, "TEXT or --decode"},
      {{"model", "tokenize", "--model", kDemo, "x", "--device", "cpu"}, kExitUsage, "--device"},
      {{"model", "tokenize", "--model", kDemo, "x", "--decode", "1"}, kExitUsage, "TEXT or"},
      {{"model", "tokenize", "--model", kDemo, "--decode", "1,x"},
       kExitUsage,
       "--decode: 'x' is no token id"},
      {{"model", "logits", "--model", kDemo, "--ids", "3072", "--out", "/dev/null"},
       kExitUsage,
       "--ids: token id 3072 is not from 0 to 3071"},
      {{"model", "logits", "--model", kDemo, "--ids", "", "--out", "/dev/null"},
       kExitUsage,
       "--ids: at least one"},
      {{"model", "logits", "--model", kDemo, "--ids", "1", "--out", "/nowhere/x"},
       kExitUsage,
       "'/nowhere/x'"},
      {{"model", "bench", "--model", kDemo, "--batch", "0"}, kExitUsage, "--batch"},
  };
  for (const BadRun& row : table) expect_refusal(run_sluice(row.args), row);
}

TEST(ModelCommand, RefusesABadModelOrRequest) {
  const std::string empty = testing::TempDir() + std::to_string(::getpid()) + "_empty_model";
  std::filesystem::create_directories(empty);
  const BadRun no_checkpoint{{}, kExitBad, "no file "};
  expect_refusal(model("info", {}, empty), no_checkpoint);
  expect_refusal(model("run", {"--prompt", "x"}, empty), no_checkpoint);
  expect_refusal(model("tokenize", {"x"}, empty), no_checkpoint);
  expect_refusal(model("logits", {"--ids", "1", "--out", "/dev/null"}, empty), no_checkpoint);
  expect_refusal(model("bench", {}, empty), no_checkpoint);

  const std::string torn = copy_of_demo("torn_model");
  std::filesystem::resize_file(torn + "/model.safetensors", 100'000);
  expect_refusal(model("info", {}, torn), {{}, kExitBad, "model.safetensors"});
  expect_refusal(model("run", {"--prompt", "x"}, torn), {{}, kExitBad, "model.safetensors"});

  const std::string schema = write_file("bad_schema.json", R"({"type": "string", "pattern": "a"})");
  const BadRun requests[] = {
      {{"--prompt", "x", "--schema", schema}, kExitBad, "#/pattern: this keyword"},
      {{"--prompt", "x", "--choice", "a", "--choice", "a"}, kExitBad, "choice"},
      {{"--prompt", "x", "--device", "cuda", "--dtype", "int8"}, kExitBad, "bfloat16 and fp8 only"},
      {{"--prompt", "x", "--max-model-len", "2000"}, kExitBad, "1024"},
      {{"--prompt", "x", "--kv-cache-bytes", "1"}, kExitBad, "KV cache of 1 bytes"},
  };
  for (const BadRun& row : requests) expect_refusal(model("run", row.args), row);
}

TEST(ModelCommand, IsCompleted) {
  const auto script = run_sluice({"completion", "bash"});
  EXPECT_THAT(script.out, HasSubstr("'/model/run'"));
  EXPECT_THAT(script.out, HasSubstr("--no-think"));
  EXPECT_THAT(script.out, HasSubstr("'/model/info --dtype') words='auto bfloat16 bf16"));
}

}  // namespace
}  // namespace sluice
