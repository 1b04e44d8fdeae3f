// What is checked: that docs/explain.md shows what the program prints. Method: its console blocks
// are run in the repository's root, but for those that need a running broker.

#include "tests/cli/run_sluice.h"

#include <iterator>

namespace sluice {
namespace {

struct Shown {
  std::string command;  // May go over several lines.
  std::string output;
};

std::vector<Shown> console_blocks(const std::string& page) {
  constexpr std::string_view kStart = "```console\n$ ";
  std::vector<Shown> blocks;
  for (auto at = page.find(kStart); at != std::string::npos; at = page.find(kStart, at)) {
    at += kStart.size();
    std::size_t end = page.find('\n', at);
    while (page.compare(end + 1, 4, "    ") == 0) end = page.find('\n', end + 1);
    const std::size_t close = page.find("```", end);
    blocks.push_back({page.substr(at, end - at), page.substr(end + 1, close - end - 1)});
  }
  return blocks;
}

TEST(ExplainDocs, ShowWhatIsPrinted) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/docs/explain.md");
  const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  int ran_blocks = 0;
  for (const Shown& shown : console_blocks(page)) {
    if (shown.command.find("sluice explain") == std::string::npos) continue;
    const std::string script = "cd " SLUICE_SOURCE_DIR "\nsluice() { " SLUICE_BINARY " \"$@\"; }\n";
    const auto ran = run_program({"/bin/sh", "-c", script + shown.command});
    EXPECT_EQ(ran.status, kExitOk) << ran.err;
    EXPECT_EQ(ran.out, shown.output) << shown.command;
    ++ran_blocks;
  }
  EXPECT_EQ(ran_blocks, 2);
}

}  // namespace
}  // namespace sluice
