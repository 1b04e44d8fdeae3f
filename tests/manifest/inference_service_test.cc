// What is checked: an InferenceService becomes the spec that it describes, every flag in both
// spellings; what is wrong with one is said where it stands; what has no effect is warned of; a
// Service that is not declared is the InferenceService of its name. Method: manifests in, specs or
// findings out; a checkpoint is a directory of the test's own.

#include "base/features.h"
#include "tests/manifest/manifest_support.h"

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace sluice {
namespace {

namespace fs = std::filesystem;

std::string service(const std::string& args, const std::string& uri = "file:///no/such/model",
                    const std::string& name = "qwen") {
  return "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: " + name +
         "}\nspec:\n  predictor:\n    model:\n      modelFormat: {name: huggingface}\n" +
         "      storageUri: " + uri + "\n" + (args.empty() ? "" : "      args: " + args + "\n");
}

InferenceServiceSpec spec_of(const std::string& text) {
  const auto loaded = load(text);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  EXPECT_EQ(loaded.graph.inference_services.size(), 1U);
  return loaded.graph.inference_services.empty() ? InferenceServiceSpec()
                                                 : loaded.graph.inference_services[0];
}

TEST(InferenceService, HasDefaults) {
  const auto spec = spec_of(service(""));
  EXPECT_EQ(spec.ns, "default");
  EXPECT_EQ(spec.name, "qwen");
  EXPECT_EQ(spec.model_name, "qwen");
  EXPECT_EQ(spec.model_dir, "/no/such/model");
  EXPECT_EQ(spec.dtype, "auto");
  EXPECT_EQ(spec.device, "auto");
  EXPECT_EQ(spec.determinism, "strict");
  EXPECT_EQ(spec.max_model_len, 0);
  EXPECT_EQ(spec.max_num_seqs, 64);
  EXPECT_EQ(spec.max_num_queued, 256);
  EXPECT_EQ(spec.kv_cache_bytes, 0);
  EXPECT_EQ(spec.threads, 0);
  EXPECT_FALSE(spec.enable_thinking);
  EXPECT_EQ(spec.chat_template, "");
}

void expect_every_flag(const InferenceServiceSpec& spec) {
  EXPECT_EQ(spec.model_name, "Qwen/Qwen3-0.6B");
  EXPECT_EQ(spec.max_model_len, 8192);
  EXPECT_EQ(spec.max_num_seqs, 8);
  EXPECT_EQ(spec.max_num_queued, 32);
  EXPECT_EQ(spec.dtype, "int8");
  EXPECT_EQ(spec.device, "cpu");
  EXPECT_EQ(spec.determinism, "fast");
  EXPECT_EQ(spec.kv_cache_bytes, 1'610'612'736);
  EXPECT_EQ(spec.threads, 2);
  EXPECT_TRUE(spec.enable_thinking);
  EXPECT_EQ(spec.chat_template, "qwen3-instruct-2507");
}

TEST(InferenceService, ReadsEveryFlagWithItsValueInIt) {
  expect_every_flag(
      spec_of(service("[--served-model-name=Qwen/Qwen3-0.6B, --max-model-len=8192, "
                      "--max-num-seqs=8, --max-num-queued=32, --dtype=int8, --device=cpu, "
                      "--determinism=fast, "
                      "--kv-cache-bytes=1.5Gi, --threads=2, --enable-thinking=true, "
                      "--chat-template=qwen3-instruct-2507]")));
}

TEST(InferenceService, ReadsEveryFlagWithItsValueBehindIt) {
  expect_every_flag(
      spec_of(service("[--served-model-name, Qwen/Qwen3-0.6B, --max_model_len, 8192, "
                      "--max-num-seqs, 8, --max-num-queued, \"32\", --dtype, int8, --device, cpu, "
                      "--determinism, fast, "
                      "--kv-cache-bytes, 1.5Gi, --threads, 2, --enable-thinking, --chat-template, "
                      "qwen3-instruct-2507]")));
}

TEST(InferenceService, ThinksWhereTheFlagSaysSo) {
  EXPECT_TRUE(spec_of(service("[--enable-thinking]")).enable_thinking);
  EXPECT_TRUE(spec_of(service("[--enable-thinking, true, --threads=1]")).enable_thinking);
  EXPECT_FALSE(spec_of(service("[--enable-thinking, \"false\"]")).enable_thinking);
  EXPECT_FALSE(spec_of(service("[--enable-thinking=false]")).enable_thinking);
}

TEST(InferenceService, FindsItsDirectoryFromTheManifest) {
  const struct {
    const char* uri;
    const char* file;
    const char* want;
  } table[] = {
      {"file:///a/b%20c/", "m.yaml", "/a/b c"},
      {"file:/a/b", "m.yaml", "/a/b"},
      {"/a/b", "set/m.yaml", "/a/b"},
      {"models/qwen", "m.yaml", "models/qwen"},
      {"../models/qwen", "/etc/sluice/set/m.yaml", "/etc/sluice/models/qwen"},
      {"models/qwen", "set/m.yaml", "set/models/qwen"},
      {"models/qwen/", "<stdin>", "models/qwen"},
      {"~models/qwen", "<stdin>", "~models/qwen"},
      {".", "set/m.yaml", "set"},
  };
  for (const auto& row : table) {
    const auto loaded = load_manifest_text(service("", row.uri), row.file);
    ASSERT_EQ(loaded.graph.inference_services.size(), 1U) << describe(loaded.report);
    EXPECT_EQ(loaded.graph.inference_services[0].model_dir, row.want) << row.uri;
  }
}

TEST(InferenceService, IsListedWithItsAddress) {
  const auto loaded = load(service(""));
  ASSERT_EQ(loaded.graph.resources.size(), 1U);
  EXPECT_EQ(loaded.graph.resources[0].kind, "InferenceService");
  EXPECT_EQ(loaded.graph.resources[0].path, "/default/inferenceservices/qwen");
}

// ---- What is wrong

struct BadArgs {
  const char* name;
  const char* args;  // In line 9 from column 13 on.
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadArgs& bad) { return out << bad.name; }
};

std::string args_name(const testing::TestParamInfo<BadArgs>& info) { return info.param.name; }

class BadInferenceArgs : public testing::TestWithParam<BadArgs> {};

TEST_P(BadInferenceArgs, AreRefusedAtTheirElement) {
  const BadArgs& bad = GetParam();
  const std::string text = service(bad.args);
  expect_refused({bad.name, text.c_str(), 9, bad.column, bad.message_part, bad.hint_part});
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadInferenceArgs,
    testing::Values(
        BadArgs{"Unknown", "[--gpu-memory-utilization=0.9]", 14,
                "unknown flag '--gpu-memory-utilization'", "known flags: --served-model-name"},
        BadArgs{"UnknownWithAValue", "[--tokenizer, x, --threads=2]", 14,
                "unknown flag '--tokenizer'"},
        BadArgs{"Misspelt", "[--threads=2, --max-model-length=5]", 27,
                "unknown flag '--max-model-length'", "did you mean '--max-model-len'?"},
        BadArgs{"AsKServeSays", "[--model_name=qwen]", 14, "unknown flag '--model-name'",
                "did you mean '--served-model-name'?"},
        BadArgs{"OneElement", "[--dtype int8]", 14, "unknown flag '--dtype int8'", "joined by '='"},
        BadArgs{"NoFlag", "[int8]", 14, "'int8' stands where a flag is wanted", "--name=value"},
        BadArgs{"NoValue", "[--dtype]", 14, "'--dtype' has no value", "--dtype=VALUE"},
        BadArgs{"NoValueBeforeAnother", "[--dtype, --threads=2]", 14, "'--dtype' has no value"},
        BadArgs{"EmptyValue", "[--dtype=]", 14,
                "'--dtype' wants auto, bfloat16, float32, fp8 or int8, not nothing"},
        BadArgs{"Twice", "[--threads=2, --threads, 3]", 27, "'--threads' is there twice"},
        BadArgs{"DtypeMisspelt", "[--dtype=bfloat6]", 14, "not 'bfloat6'",
                "did you mean 'bfloat16'?"},
        BadArgs{"Device", "[--device, gpu]", 24, "'--device' wants auto, cpu or cuda, not 'gpu'",
                "did you mean 'cuda'?"},
        BadArgs{"Determinism", "[--determinism=loose]", 14,
                "'--determinism' wants strict or fast, not 'loose'"},
        BadArgs{"Template", "[--chat-template=qwen3-2507]", 14,
                "'--chat-template' wants qwen3, qwen3-instruct-2507, qwen3-thinking-2507 or "
                "qwen3-nonthinking, not 'qwen3-2507'"},
        BadArgs{"LengthZero", "[--max-model-len=0]", 14,
                "'--max-model-len' wants a whole number from 1 to 16777216, not '0'",
                "prompt and its completion"},
        BadArgs{"LengthSuffix", "[--max-model-len=32k]", 14, "not '32k'"},
        BadArgs{"SeqsNegative", "[--max-num-seqs=-1]", 14, "from 1 to 65536, not '-1'"},
        BadArgs{"QueuedFraction", "[--max-num-queued=1.5]", 14, "from 1 to 1000000, not '1.5'"},
        BadArgs{"ThreadsMany", "[--threads=4096]", 14, "from 1 to 1024, not '4096'"},
        BadArgs{"BytesUnit", "[--kv-cache-bytes=4GB]", 14,
                "'--kv-cache-bytes' wants a quantity of at least 1Mi, e.g. 512Mi or 4Gi, not "
                "'4GB'"},
        BadArgs{"BytesFew", "[--kv-cache-bytes=5]", 14, "at least 1Mi"},
        BadArgs{"ThinkingYes", "[--enable-thinking=yes]", 14,
                "'--enable-thinking' wants true or false, not 'yes'"},
        BadArgs{"NameEmpty", "[\"--served-model-name=\"]", 14,
                "'--served-model-name' wants a name, not nothing"},
        BadArgs{"NameControl", "[\"--served-model-name=a\\nb\"]", 14,
                "'--served-model-name' wants a name, not 'a?b'", "without control characters"},
        BadArgs{"NameControlBehind", "[--served-model-name, \"a\\x1bb\"]", 35, "not 'a?b'"},
        BadArgs{"NotAList", "--threads=2", 13, "'args' wants a list, not '--threads=2'", "'- '"},
        BadArgs{"AMapping", "[{--threads: 2}]", 14, "'args' wants a string, not a mapping"},
        BadArgs{"Variable", "[\"--threads=${SLUICE_TEST_UNSET}\"]", 25, "SLUICE_TEST_UNSET"}),
    args_name);

class BadInferenceService : public testing::TestWithParam<BadManifest> {};

TEST_P(BadInferenceService, IsRefusedWhereItIsBad) {
  BadManifest bad = GetParam();
  const std::string text =
      "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: qwen}\n" +
      std::string(bad.text);
  bad.text = text.c_str();
  expect_refused(bad);
}

#define MODEL "spec:\n  predictor:\n    model:\n      modelFormat: {name: huggingface}\n"

INSTANTIATE_TEST_SUITE_P(
    Table, BadInferenceService,
    testing::Values(
        BadManifest{"NoSpec", "", 1, 1, "missing field 'spec'", "predictor"},
        BadManifest{"NoModel", "spec:\n  predictor: {}\n", 5, 3,
                    "missing field 'model' in predictor"},
        BadManifest{"NoFormat", "spec: {predictor: {model: {storageUri: a}}}\n", 4, 20,
                    "missing field 'modelFormat' in model"},
        BadManifest{"OtherFormat",
                    "spec:\n  predictor:\n    model:\n      modelFormat: {name: pytorch}\n"
                    "      storageUri: a\n",
                    7, 27, "'name' wants huggingface, not 'pytorch'"},
        BadManifest{"NoUri", MODEL, 6, 5, "missing field 'storageUri' in model"},
        BadManifest{"EmptyUri", MODEL "      storageUri: \"\"\n", 8, 19, "'storageUri' is empty"},
        BadManifest{"HubUri", MODEL "      storageUri: hf://Qwen/Qwen3-0.6B\n", 8, 19,
                    "'storageUri': 'hf://Qwen/Qwen3-0.6B' is not on this machine",
                    "huggingface-cli download Qwen/Qwen3-0.6B --local-dir DIR"},
        BadManifest{"BucketUri", MODEL "      storageUri: s3://models/qwen\n", 8, 19,
                    "'s3://models/qwen' is not on this machine", "file:///DIR"},
        BadManifest{"ClaimUri", MODEL "      storageUri: pvc://claim/qwen\n", 8, 19,
                    "'pvc://claim/qwen' is not on this machine"},
        BadManifest{"TwoSlashes", MODEL "      storageUri: file://models/qwen\n", 8, 19,
                    "does not name an absolute directory", "three slashes"},
        BadManifest{"Tilde", MODEL "      storageUri: ~/x\n", 8, 19,
                    "'storageUri': the ~ of '~/x' is not expanded",
                    "write $HOME as a variable: ${HOME}/x"},
        BadManifest{"TildeAlone", MODEL "      storageUri: \"~\"\n", 8, 19, "is not expanded",
                    "${HOME}"},
        BadManifest{"TildeInUri", MODEL "      storageUri: file://~/a/b\n", 8, 19,
                    "is not expanded", "file://${HOME}/a/b"},
        BadManifest{"UnknownInModel", MODEL "      storageUri: a\n      storageURI: b\n", 9, 7,
                    "unknown field 'storageURI' in model", "did you mean 'storageUri'?"},
        BadManifest{"UnknownInPredictor", MODEL "      storageUri: a\n    minReplica: 1\n", 9, 5,
                    "unknown field 'minReplica' in predictor", "did you mean 'minReplicas'?"},
        BadManifest{"Transformer", MODEL "      storageUri: a\n  transformer: {}\n", 9, 3,
                    "unknown field 'transformer' in InferenceService spec"},
        BadManifest{"OldVersion",
                    MODEL "      storageUri: a\n---\n"
                          "apiVersion: serving.kserve.io/v1alpha1\nkind: InferenceService\n"
                          "metadata: {name: b}\n" MODEL "      storageUri: a\n",
                    10, 13, "InferenceService has the apiVersion serving.kserve.io/v1beta1"}),
    name_of);

TEST(InferenceService, MustNotShareItsModelsName) {
  const auto by_resource = load("# first\n" + service("[--served-model-name=b]") + "---\n" +
                                service("", "file:///m", "b"));
  auto errors = findings_of(by_resource.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(by_resource.report);
  EXPECT_EQ(errors[0].line, 14);
  EXPECT_NE(errors[0].message.find("'b' is that of InferenceService 'default/qwen' already"),
            std::string::npos);
  const auto by_flag =
      load(service("") + "---\n" + service("[--served-model-name, qwen]", "file:///m", "b"));
  errors = findings_of(by_flag.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(by_flag.report);
  EXPECT_EQ(errors[0].line, 18);
  EXPECT_EQ(errors[0].column, 35);
}

TEST(InferenceService, IsNotToldOfAModelsNameWhereItIsThereTwice) {
  const std::string text = service("") + "---\n" + service("", "file:///m");
  expect_refused({"", text.c_str(), 12, 18, "duplicate resource: InferenceService 'default/qwen'"});
  const auto loaded = load(service("[--served-model-name=a]") + "---\n" +
                           service("[--served-model-name=a]", "/m", "b") + "---\n" +
                           service("[--served-model-name=a]", "/m", "b"));
  const auto errors = findings_of(loaded.report, Severity::error);
  ASSERT_EQ(errors.size(), 2U) << describe(loaded.report);
  EXPECT_NE(errors[0].message.find("is that of InferenceService 'default/qwen'"),
            std::string::npos);
  EXPECT_NE(errors[1].message.find("duplicate resource"), std::string::npos);
}

TEST(InferenceService, NeedsAModelsNameThatIsText) {
  ASSERT_EQ(setenv("SLUICE_TEST_NAME", "a\xFF", 1), 0);
  const std::string text = service("[\"--served-model-name=${SLUICE_TEST_NAME}\"]");
  expect_refused({"", text.c_str(), 9, 14, "'--served-model-name' wants a name, not 'a?'",
                  "valid UTF-8 without control characters"});
  ASSERT_EQ(setenv("SLUICE_TEST_NAME", "Qwen3 \xE5\x8D\x83", 1), 0);
  EXPECT_EQ(spec_of(text).model_name, "Qwen3 \xE5\x8D\x83");
  unsetenv("SLUICE_TEST_NAME");
}

// ---- What is legal and has no effect

std::vector<std::string> warnings_of(const std::string& text) {
  const auto loaded = load(text);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  std::vector<std::string> out;
  for (const Finding& finding : findings_of(loaded.report, Severity::warning)) {
    out.push_back(std::to_string(finding.line) + ":" + std::to_string(finding.column) + " " +
                  finding.message);
  }
  return out;
}

class Checkpoint {
 public:
  Checkpoint() : dir_(fs::temp_directory_path() / ("sluice-model-" + std::to_string(getpid()))) {
    fs::create_directories(dir_);
    std::ofstream(dir_ / "config.json") << "{}";
  }
  ~Checkpoint() { fs::remove_all(dir_); }
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  [[nodiscard]] const fs::path& dir() const { return dir_; }

 private:
  fs::path dir_;
};

TEST(InferenceService, WarnsWhereThereIsNoCheckpoint) {
  const Checkpoint checkpoint;
  const std::string dir = checkpoint.dir().string();
  using List = std::vector<std::string>;
  EXPECT_EQ(warnings_of(service("", "file://" + dir)), List());
  EXPECT_EQ(warnings_of(service("", "/no/such")), List{"8:19 there is no directory '/no/such'"});
  fs::remove(checkpoint.dir() / "config.json");
  const auto warnings = warnings_of(service("", dir));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("has no config.json"), std::string::npos);
}

TEST(InferenceService, WarnsOfWhatHasNoEffect) {
  const Checkpoint checkpoint;
  const std::string text = service("", checkpoint.dir().string()) +
                           "      runtime: kserve-huggingfaceserver\n"
                           "      protocolVersion: v1\n"
                           "      resources: {limits: {nvidia.com/gpu: 1}}\n"
                           "    minReplicas: 2\n"
                           "    maxReplicas: 4\n";
  const std::vector<std::string> expected = {
      "10:24 'protocolVersion' has no effect: OpenAI's API and KServe V2 are served",
      "11:18 'resources' has no effect: nothing is limited by it",
      "12:18 'minReplicas' has no effect: one engine runs in each process"};
  EXPECT_EQ(warnings_of(text), expected);
}

TEST(InferenceService, WarnsOfADeviceThatThisBuildLacks) {
  const Checkpoint checkpoint;
  const std::string dir = checkpoint.dir().string();
  using List = std::vector<std::string>;
  const auto lacks = [](std::string place) {
    place += " this build has no CUDA backend: the model will not load";
    return kHasCuda ? List() : List{place};
  };
  EXPECT_EQ(warnings_of(service("[--device=cuda]", dir)), lacks("9:14"));
  EXPECT_EQ(warnings_of(service("[--device, cuda]", dir)), lacks("9:24"));
  EXPECT_EQ(warnings_of(service("[--device=cpu]", dir)), List());
  EXPECT_EQ(warnings_of(service("[--device=auto, --served-model-name=cuda]", dir)), List());
}

// ---- A Service of its name

std::string trigger(const std::string& name) {
  return "---\napiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: ask}\n"
         "spec:\n  broker: orders\n"
         "  subscriber: {ref: {apiVersion: v1, kind: Service, name: " +
         name + "}}\n" + kDeclared;
}

std::string subscriber_of(const std::string& text, const ManifestOptions& options = {}) {
  const auto loaded = load(text, options);
  EXPECT_FALSE(loaded.report.has_errors()) << describe(loaded.report);
  for (const DispatchSpec& trigger : loaded.graph.brokers.at(0).triggers) {
    if (trigger.name == "ask") return trigger.subscriber.address;
  }
  return "none";
}

TEST(InferenceService, StandsForAServiceOfItsName) {
  const std::string path = "/default/inferenceservices/qwen";
  EXPECT_EQ(subscriber_of(service("") + trigger("qwen")), path);
  ManifestOptions options;
  options.cluster_domain = "svc.cluster.local";
  EXPECT_EQ(subscriber_of(service("") + trigger("qwen"), options), path);
  const std::string declared =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: qwen, annotations: {sluice.dev/url: "
      "\"http://127.0.0.1:9000/\"}}\n";
  EXPECT_EQ(subscriber_of(service("") + declared + trigger("qwen")), "http://127.0.0.1:9000/");
  options.services["default/qwen"] = "http://127.0.0.1:9001/";
  EXPECT_EQ(subscriber_of(service("") + trigger("qwen"), options), "http://127.0.0.1:9001/");
}

TEST(InferenceService, IsSuggestedForAServiceThatIsNotThere) {
  const auto loaded = load(service("") + trigger("qwem"));
  const auto errors = findings_of(loaded.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(loaded.report);
  EXPECT_EQ(errors[0].message, "Service 'default/qwem' is not declared");
  EXPECT_EQ(errors[0].hint, "did you mean 'qwen'?");
}

}  // namespace
}  // namespace sluice
