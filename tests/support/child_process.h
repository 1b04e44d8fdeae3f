#pragma once

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice {

/// How a program ended, and what it wrote.
struct ChildOutcome {
  int status = -1;  ///< Exit status; 128 + N where signal N ended it.
  std::string out;
  std::string err;
};

/// A program run beside the test. Standard input is empty. Killed if the test forgets it.
class ChildProcess {
 public:
  explicit ChildProcess(std::vector<std::string> args) {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    if (::pipe(out.data()) != 0 || ::pipe(err.data()) != 0) throw std::runtime_error("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    for (const int end : {out[0], out[1], err[0], err[1]}) {
      posix_spawn_file_actions_addclose(&actions, end);
    }
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
    if (error != 0) throw std::runtime_error("cannot run " + args[0]);
  }

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  ~ChildProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(out_);
    ::close(err_);
  }

  /// Waits for the next line on standard error, without its end; what is left where there is none.
  std::string next_error_line() {
    std::string line;
    for (char c = 0; ::read(err_, &c, 1) == 1 && c != '\n';) line += c;
    err_text_ += line + "\n";
    return line;
  }

  /// Waits until something is on standard output, and leaves it there.
  void wait_for_output() const {
    pollfd output{out_, POLLIN, 0};
    ::poll(&output, 1, -1);
  }

  void signal(int number) const { ::kill(pid_, number); }

  /// Reads both outputs to their ends, then the status.
  ChildOutcome wait() {
    ChildOutcome outcome;
    outcome.err = std::move(err_text_);
    std::array<pollfd, 2> ends{pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
      ::poll(ends.data(), ends.size(), -1);
      read_some(ends[0], outcome.out);
      read_some(ends[1], outcome.err);
    }
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
  }

 private:
  // Takes what is there; at the end of the stream poll() is told to look no more.
  static void read_some(pollfd& end, std::string& into) {
    if (end.fd < 0 || end.revents == 0) return;
    std::array<char, 4096> buffer;
    const ssize_t size = ::read(end.fd, buffer.data(), buffer.size());
    if (size > 0) {
      into.append(buffer.data(), static_cast<std::size_t>(size));
    } else {
      end.fd = -1;
    }
  }

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string err_text_;
};

/// Runs a program to its end.
inline ChildOutcome run_program(std::vector<std::string> args) {
  return ChildProcess(std::move(args)).wait();
}

}  // namespace sluice
