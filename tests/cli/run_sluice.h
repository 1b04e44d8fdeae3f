#pragma once

#include "cli/command.h"
#include "tests/support/child_process.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// Runs one command in this process, as main() would.
inline ChildOutcome run_command(AddCommand add, const std::vector<std::string>& args) {
  CLI::App app("", "sluice");
  ChildOutcome outcome;
  add(app, outcome.status);
  std::vector<const char*> argv{"sluice"};
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    app.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const CLI::ParseError&) {
    outcome.status = kExitUsage;
  }
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

/// Runs the built program.
inline ChildOutcome run_sluice(std::vector<std::string> args) {
  args.insert(args.begin(), SLUICE_BINARY);
  return run_program(std::move(args));
}

/// A `sluice display` on a free port.
class Display {
 public:
  explicit Display(std::vector<std::string> flags = {}) : process_(with_program(std::move(flags))) {
    constexpr std::string_view kBefore = "display listening on ";
    const std::string line = process_.next_error_line();
    EXPECT_EQ(line.find(kBefore), 0U) << line;
    url_ = line.substr(std::min(kBefore.size(), line.size()));
  }

  /// "http://127.0.0.1:PORT/"
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

  /// Waits until it has printed something that stop() will tell.
  void wait_for_output() const { process_.wait_for_output(); }

  void signal(int number) const { process_.signal(number); }

  /// Ends it the way an operator does, and tells what it printed.
  ChildOutcome stop(int signal = SIGTERM) {
    process_.signal(signal);
    return process_.wait();
  }

 private:
  static std::vector<std::string> with_program(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {SLUICE_BINARY, "display", "--listen", "127.0.0.1:0"});
    return flags;
  }

  ChildProcess process_;
  std::string url_;
};

/// A file of its own in the test's directory, with that content.
inline std::string write_file(const std::string& name, const std::string& content) {
  const std::string path = testing::TempDir() + std::to_string(::getpid()) + "_" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace sluice
