// The house rules, held against every source of ours, and the rules themselves held against planted
// breaches, so that a rule that has gone blind is noticed. The rules stand in tests/tidy_rules.cc.

#include "tests/tidy_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace sluice::tidy {
namespace {

// What may be larger than its budget, or use a word of somebody else's, and why. Lower a number
// when the file has shrunk; an entry that is not needed any more fails the test.
const std::vector<Exception> kExceptions = {
    {"base/wait_queue.h", "handler", 0, "Asio's word for what resumes a coroutine"},
    {"inference/cuda/cuda_pass.cc", "processor", 0, "CUDA's word: cudaDevAttrMultiProcessorCount"},
    {"inference/chat_template.h", "message", 0, "the chat templates' and OpenAI's word for a turn"},
};

const std::vector<std::string> kFolders = {"base",     "event", "inference", "filter",
                                           "channels", "sinks", "sources",   "broker",
                                           "manifest", "cli",   "tests",     "bench"};

/// Stands in for CUDA's own headers: their names, places and words are not ours.
const std::string kForeign = "tests/inference/cuda/on_host/";

const std::set<std::string> kExtensions = {".cc", ".h", ".cu", ".cuh"};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> our_sources() {
  const std::filesystem::path root = SLUICE_SOURCE_DIR;
  std::vector<std::string> sources;
  for (const std::string& folder : kFolders) {
    if (!std::filesystem::exists(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (!kExtensions.contains(extension)) continue;
      std::string source = std::filesystem::relative(entry.path(), root).generic_string();
      if (!source.starts_with(kForeign)) sources.push_back(std::move(source));
    }
  }
  std::ranges::sort(sources);
  return sources;
}

std::string repeated(const std::string& line, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += line;
  return text;
}

/// What check_source() says of `text`, one violation a line.
std::string verdict(const std::string& path, const std::string& text,
                    const std::vector<Exception>& exceptions = {}) {
  std::string out;
  for (const Violation& violation : check_source(path, text, exceptions)) {
    out += to_string(violation) + "\n";
  }
  return out;
}

TEST(Tidy, EverySourceKeepsTheRules) {
  const auto sources = our_sources();
  ASSERT_FALSE(sources.empty());
  for (const std::string& source : sources) {
    const std::string text = read_file(std::filesystem::path(SLUICE_SOURCE_DIR) / source);
    for (const Violation& violation : check_source(source, text, kExceptions)) {
      ADD_FAILURE() << to_string(violation);
    }
  }
}

TEST(Tidy, EveryExceptionIsOfAFileThatExists) {
  for (const Exception& exception : kExceptions) {
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(SLUICE_SOURCE_DIR) / exception.file))
        << exception.file;
    EXPECT_FALSE(exception.reason.empty()) << exception.file;
  }
}

struct Planted {
  const char* name;
  const char* path;
  std::string text;
  const char* expected;  ///< Part of the verdict.
};

TEST(Tidy, FindsEachPlantedBreach) {
  const std::string head = "// What this is for.\n";
  const std::vector<Planted> table = {
      {"columns", "base/x.cc", head + std::string(101, 'x') + "\n", "base/x.cc:2: more than 100"},
      {"header lines", "base/x.h", repeated("/// x\n", 151), "has 151 lines, the budget is 150"},
      {"source lines", "event/x.cc", head + repeated("\n", 300), "the budget is 300"},
      {"test lines", "tests/x_test.cc", head + repeated("\n", 500), "the budget is 500"},
      {"function", "base/x.cc", head + "int f() {\n" + repeated("  g();\n", 60) + "}\n",
       "base/x.cc:2: function of 62 lines"},
      {"method", "base/x.cc",
       head + "class A {\n int f() {\n" + repeated("  g();\n", 60) + "}\n};\n",
       "base/x.cc:3: function of 62 lines"},
      {"constructor", "base/x.cc",
       head + "A::A() : a_{1}, b_{2} {\n" + repeated("  g();\n", 60) + "}\n",
       "function of 62 lines"},
      {"using namespace", "cli/x.cc", head + "using namespace std;\n", "cli/x.cc:2: no `using"},
      {"endl", "cli/x.cc", head + "void f() { out << std::endl; }\n", "no std::endl"},
      {"thread", "broker/x.cc", head + "std::thread t;\n", "no threads outside"},
      {"async", "sinks/x.cc", head + "auto f = std::async(g);\n", "no threads outside"},
      {"detach", "broker/x.cc", head + "void f() { t.detach(); }\n", "nothing is detached"},
      {"detached", "broker/x.cc", head + "void f() { co_spawn(e, g(), asio::detached); }\n",
       "nothing is detached"},
      {"todo", "base/x.cc",
       head + "// TO"
              "DO: later\n",
       "base/x.cc:2: what is left"},
      {"nlohmann", "event/x.cc", head + "#include <nlohmann/json.hpp>\n", "no nlohmann"},
      {"upward", "base/x.cc", head + "#include \"event/event.h\"\n", "base/ may not see"},
      {"sideways", "channels/x.cc", head + "#include \"sinks/sink.h\"\n", "channels/ may not see"},
      {"source port", "sources/x.cc", head + "#include \"sinks/http_sink.h\"\n", "may not see"},
      {"manifest", "manifest/x.cc", head + "#include \"broker/broker.h\"\n", "may not see"},
      {"engine", "sinks/http_sink.cc", head + "#include \"inference/engine.h\"\n", "may not see"},
      {"engine in the broker", "broker/broker.cc", head + "#include \"inference/token.h\"\n",
       "may not see"},
      {"engine in manifests", "manifest/inference_sink_kind.cc",
       head + "#include \"inference/json_schema.h\"\n", "may not see"},
      {"engine in a command", "cli/serve.cc", head + "#include \"inference/engine.h\"\n",
       "may not see"},
      {"model in manifests", "manifest/x.cc", head + "#include \"sinks/inference_model.h\"\n",
       "may not see"},
      {"bench", "broker/x.cc", head + "#include \"bench/load.h\"\n", "may not see"},
      {"bare include", "base/x.cc", head + "#include \"result.h\"\n", "from the root"},
      {"brace", "broker/x.cc", head + "Task<int> f() { co_await g(Opts{.name = 1}); }\n",
       "broker/x.cc:2: no brace in a co_await"},
      {"brace list", "broker/x.cc", head + "Task<int> f() { auto x = co_await g({a, b}); }\n",
       "no brace in a co_await"},
      {"brace behind a lambda", "broker/x.cc",
       head + "Task<int> f() { co_await g([](int x) { return x; }, Opts{}); }\n", "no brace"},
      {"condition", "broker/x.cc", head + "Task<int> f() { if (!co_await g()) { h(); } }\n",
       "broker/x.cc:2: no co_await in a condition"},
      {"loop condition", "broker/x.cc",
       head + "Task<int> f() { while (a(1) && co_await g()) { h(); } }\n",
       "no co_await in a condition"},
      {"capture", "broker/x.cc", head + "auto f = [this]() -> Task<int> { co_return 1; };\n",
       "never captures"},
      {"captures", "broker/x.cc", head + "void f() { g([&x, y] { co_await h(); }); }\n",
       "never captures"},
      {"word in a type", "broker/x.cc", head + "class Message {};\n", "the word 'message'"},
      {"word in a class", "broker/x.cc", head + "class EventProcessor;\n", "the word 'processor'"},
      {"word in a name", "broker/x.cc", head + "int payload_size = 1;\n", "the word 'payload'"},
      {"task", "broker/x.cc", head + "struct TaskRunner {};\n", "the word 'task'"},
      {"purpose of a source", "base/x.cc", "#include \"base/y.h\"\n", "what it is for"},
      {"purpose of a header", "base/x.h", "#pragma once\nint f();\n", "/// comments"},
      {"pragma", "base/x.h", "/// x\nint f();\n", "#pragma once"},
  };
  for (const Planted& planted : table) {
    EXPECT_THAT(verdict(planted.path, planted.text), testing::HasSubstr(planted.expected))
        << planted.name;
  }
}

TEST(Tidy, FindsBreachesInKernels) {
  const std::string head = "// What this is for.\n";
  const std::vector<Planted> table = {
      {"purpose of a kernel", "inference/cuda/x.cu", "#include <mma.h>\n", "what it is for"},
      {"kernel header lines", "inference/cuda/x.cuh", repeated("/// x\n", 151), "budget is 150"},
      {"kernel source lines", "inference/cuda/x.cu", head + repeated("\n", 300), "budget is 300"},
      {"kernel", "inference/cuda/x.cu",
       head + "__global__ void f() {\n" + repeated("  g();\n", 60) + "}\n",
       "inference/cuda/x.cu:2: function of 62 lines"},
  };
  for (const Planted& planted : table) {
    EXPECT_THAT(verdict(planted.path, planted.text), testing::HasSubstr(planted.expected))
        << planted.name;
  }
}

TEST(Tidy, SaysNothingOfWhatIsAllowed) {
  const std::string head = "// What this is for.\n";
  const std::vector<Planted> table = {
      {"100 characters", "base/x.cc", "// " + repeated("\xC3\xA9", 97) + "\n", ""},
      {"comment", "base/x.cc", "// std::endl, std::thread, co_await f({}), a Message\n", ""},
      {"literal", "cli/x.cc", head + "auto s = \"std::endl; class Message {\";\n", ""},
      {"raw literal", "cli/x.cc", head + "auto s = R\"(std::endl \" {)\";\n", ""},
      {"digits", "cli/x.cc", head + "int x = 100'000; int y = 'a';\n", ""},
      {"issue", "base/x.cc",
       "// TO"
       "DO(#12): later\n",
       ""},
      {"thread", "base/x.cc", head + "std::thread t;\n", ""},
      {"function namespace", "cli/x.cc", head + "void f() {\n  using namespace std::literals;\n}\n",
       ""},
      {"down", "sinks/x.cc", head + "#include \"event/event.h\"\n#include \"base/task.h\"\n", ""},
      {"spec", "manifest/x.cc", head + "#include \"broker/broker_spec.h\"\n", ""},
      {"engine", "sinks/inference_sink.cc", head + "#include \"inference/engine.h\"\n", ""},
      {"engine of a request", "sinks/openai_request.cc",
       head + "#include \"inference/completion_request.h\"\n", ""},
      {"engine of an API", "broker/model_api_chat.cc",
       head + "#include \"inference/generation.h\"\n", ""},
      {"engine of another", "broker/kserve_infer.cc",
       head + "#include \"inference/generation.h\"\n", ""},
      {"engine of a command", "cli/model_bench.cc", head + "#include \"inference/engine.h\"\n", ""},
      {"if", "broker/x.cc", head + "Task<int> f() { if (a(1)) co_return co_await g(); }\n", ""},
      {"lambda", "base/x.cc", head + "Task<int> f() { co_await g([this](int x) { h(x); }, 1); }\n",
       ""},
      {"coroutine lambda", "broker/x.cc",
       head + "auto f = [](A& a) -> Task<int> { co_return 1; };\n", ""},
      {"capture", "broker/x.cc", head + "Task<int> f() { g([this] { h(); }); co_return 1; }\n", ""},
      {"nodiscard", "broker/x.cc", head + "[[nodiscard]] Task<int> f() { co_return 1; }\n", ""},
      {"index", "broker/x.cc", head + "Task<int> f() { a[i] = 1; co_return 1; }\n", ""},
      {"task", "base/x.h", "#pragma once\n/// x\ntemplate <typename T> class Task;\n", ""},
      {"their word", "base/x.cc", head + "auto x = asio::handler_type();\n", ""},
      {"table", "base/x.cc", head + "const Row kRows[] = {\n" + repeated(" {1},\n", 100) + "};\n",
       ""},
      {"own header", "base/x.cc", "#include \"base/x.h\"\n", ""},
      {"own kernel header", "inference/cuda/x.cu", "#include \"inference/cuda/x.cuh\"\n", ""},
  };
  for (const Planted& planted : table) {
    EXPECT_EQ(verdict(planted.path, planted.text), planted.expected) << planted.name;
  }
}

TEST(Tidy, TakesAnExceptionUpToItsNumberAndNoFurther) {
  const std::string text = "// x\n" + repeated("\n", 319);
  EXPECT_EQ(verdict("base/x.cc", text, {{"base/x.cc", "file", 320, "a table"}}), "");
  EXPECT_THAT(verdict("base/x.cc", text, {{"base/x.cc", "file", 310, "a table"}}),
              testing::HasSubstr("the budget is 310"));
  EXPECT_THAT(verdict("base/x.cc", "// x\n", {{"base/x.cc", "file", 310, "a table"}}),
              testing::HasSubstr("take it off the exceptions"));
  EXPECT_THAT(
      verdict("base/x.cc", "// x\n" + repeated("\n", 600), {{"base/x.cc", "file", 900, "a table"}}),
      testing::HasSubstr("the budget is 500"));
}

}  // namespace
}  // namespace sluice::tidy
