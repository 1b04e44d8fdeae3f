// What is checked: that bash completes commands, options and their choices from the script that
// `sluice completion bash` prints, and that a slip on the command line is answered with what was
// probably meant. Method: the program itself, and bash running its script.

#include "tests/cli/run_sluice.h"

#include <algorithm>
#include <sstream>

namespace sluice {
namespace {

// What bash offers for the words of a command line, of which the last is being typed.
std::vector<std::string> offered(const std::vector<std::string>& words) {
  std::string script = "source <(\"$0\" completion bash); COMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script += "); COMP_CWORD=" + std::to_string(words.size() - 1) +
            "; _sluice; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const auto ran = run_program({"/bin/bash", "-c", script, SLUICE_BINARY});
  EXPECT_EQ(ran.err, "");
  std::vector<std::string> lines;
  std::istringstream in(ran.out);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

using Words = std::vector<std::string>;

TEST(CompletionCommand, OffersTheCommands) {
  const auto all = offered({"sluice", ""});
  for (const char* command : {"cron", "display", "send", "version", "completion"}) {
    EXPECT_TRUE(has(all, command)) << command;
  }
  EXPECT_EQ(offered({"sluice", "cro"}), Words{"cron"});
}

TEST(CompletionCommand, OffersTheOptionsOfACommand) {
  EXPECT_EQ(offered({"sluice", "cron", "--t"}), Words{"--timezone"});
  EXPECT_EQ(offered({"sluice", "send", "--type", "t", "--co"}),
            (Words{"--content-type", "--count"}));
  EXPECT_EQ(offered({"sluice", "cron", "--rep"}), Words{});
}

TEST(CompletionCommand, OffersTheChoicesOfAnOption) {
  EXPECT_EQ(offered({"sluice", "display", "-o", ""}), (Words{"json", "text"}));
  EXPECT_EQ(offered({"sluice", "display", "--output", "j"}), Words{"json"});
  EXPECT_EQ(offered({"sluice", "send", "--mode", ""}), (Words{"batch", "binary", "structured"}));
  EXPECT_EQ(offered({"sluice", "completion", "b"}), Words{"bash"});
}

TEST(CompletionCommand, LeavesFilesToBash) {
  EXPECT_EQ(offered({"sluice", "display", "--reply", ""}), Words{});
}

TEST(CompletionCommand, RefusesOtherShells) {
  EXPECT_EQ(run_sluice({"completion", "tcsh"}).status, kExitUsage);
  EXPECT_EQ(run_sluice({"completion"}).status, kExitUsage);
}

struct Slip {
  Words args;
  const char* message_part;
};

TEST(UsageError, NamesWhatWasProbablyMeant) {
  const Slip table[] = {
      {{"crno", "x"}, "unknown command 'crno'; did you mean 'cron'?"},
      {{"sned"}, "unknown command 'sned'; did you mean 'send'?"},
      {{"VERSION"}, "unknown command 'VERSION'; did you mean 'version'?"},
      {{"frobnicate"}, "unknown command 'frobnicate'\n"},
      {{"cron", "* * * * *", "--timezon", "UTC"}, "did you mean '--timezone'?"},
      {{"cron", "* * * * *", "--timezon=UTC"}, "unknown option '--timezon'; did you mean"},
      {{"send", "--typ", "t"}, "unknown option '--typ'; did you mean '--type'?"},
      {{"display", "-x"}, "unknown option '-x'"},
      {{"send", "--type", "t"}, "--source is required"},
      {{"display", "--status", "many"}, "--status"},
      {{}, "subcommand is required"},
      {{"--frob"}, "unknown option '--frob'"},
  };
  for (const Slip& row : table) {
    const auto ran = run_sluice(row.args);
    EXPECT_EQ(ran.status, kExitUsage) << row.message_part;
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(ran.err.starts_with("error: ")) << ran.err;
    EXPECT_NE(ran.err.find(row.message_part), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("--help'"), std::string::npos) << ran.err;
  }
}

TEST(UsageError, IsNoneForHelp) {
  for (const Words& args : {Words{"--help"}, Words{"cron", "--help"}, Words{"send", "-h"}}) {
    const auto ran = run_sluice(args);
    EXPECT_EQ(ran.status, kExitOk);
    EXPECT_NE(ran.out.find("Usage: sluice"), std::string::npos);
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_NE(run_sluice({"cron", "--help"}).out.find("Examples:\n  sluice cron"), std::string::npos);
}

}  // namespace
}  // namespace sluice
