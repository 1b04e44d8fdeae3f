#include "cli/model_answer.h"

#include <iostream>
#include <utility>

#include <unistd.h>

namespace sluice {
namespace {

/// Reasoning on standard error, in a form that shows where it begins and ends.
class Reasoning {
 public:
  ~Reasoning() { end(); }

  void add(const std::string& text) {
    if (text.empty()) return;
    if (!is_open_ && is_terminal_) std::cerr << "\x1b[2m";
    is_open_ = true;
    std::cerr << text << std::flush;
  }

  void end() {
    if (is_open_) std::cerr << (is_terminal_ ? "\x1b[0m" : "") << "\n\n" << std::flush;
    is_open_ = false;
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool is_open_ = false;
};

}  // namespace

inference::CompletionCallbacks ModelAnswer::callbacks() {
  return {[this](inference::CompletionChunk chunk) {
            const std::scoped_lock lock(mutex_);
            pending_.text += chunk.text;
            pending_.reasoning += chunk.reasoning;
            changed_.notify_all();
          },
          [this](inference::Completion completion) {
            const std::scoped_lock lock(mutex_);
            ended_ = std::chrono::steady_clock::now();
            done_ = std::move(completion);
            changed_.notify_all();  // Under the lock: behind it, `this` may be gone.
          }};
}

inference::CompletionChunk ModelAnswer::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [this] { return done_ || !pending_.text.empty() || !pending_.reasoning.empty(); });
  return std::exchange(pending_, {});
}

inference::Completion ModelAnswer::print() {
  Reasoning reasoning;
  for (;;) {
    const inference::CompletionChunk chunk = next();
    if (chunk.text.empty() && chunk.reasoning.empty()) break;
    reasoning.add(chunk.reasoning);
    if (!chunk.text.empty()) reasoning.end();
    std::cout << chunk.text << std::flush;
  }
  return wait();
}

inference::Completion ModelAnswer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return done_.has_value(); });
  return *std::exchange(done_, std::nullopt);
}

}  // namespace sluice
