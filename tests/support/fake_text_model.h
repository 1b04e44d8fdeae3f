#pragma once

#include "base/wait_queue.h"
#include "broker/text_model.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// A model that says what a test tells it to. What it says is a script: items that come at once,
/// and then, where the script has no completion, nothing until the test gives more.
class FakeTextModel final : public TextModel {
 public:
  using Item = Result<CompletionStream::Item>;

  explicit FakeTextModel(std::string name) : name_(std::move(name)) { status_now.is_ready = true; }

  const std::string& name() const noexcept override { return name_; }
  TextModelStatus status() const override { return status_now; }
  std::unique_ptr<CompletionStream> stream(inference::CompletionRequest request,
                                           Deadline) override {
    const std::lock_guard lock(mutex_);
    std::deque<Item> items = script(request);
    requests_.push_back(std::move(request));
    changed_.notify_all();
    return std::make_unique<Stream>(*this, std::move(items));
  }

  std::vector<inference::CompletionRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  /// Blocks until this many requests have come.
  bool wait_for_requests(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return requests_.size() >= count; });
  }

  /// Blocks until this many streams were dropped before they had ended.
  bool wait_for_dropped(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return dropped_ >= count; });
  }

  /// What a request is answered with; by default its last text, in upper case.
  std::function<std::deque<Item>(const inference::CompletionRequest&)> script = echo;
  TextModelStatus status_now;

  static inference::Completion completion_of(std::string text) {
    inference::Completion completion;
    completion.text = std::move(text);
    completion.reason = inference::FinishReason::stop;
    completion.tokens = {1, 2};
    completion.prompt_tokens = 3;
    return completion;
  }

 private:
  static std::deque<Item> echo(const inference::CompletionRequest& request) {
    const std::string text =
        request.messages.empty() ? request.prompt : request.messages.back().content;
    std::string loud;
    for (const char c : text) {
      loud += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    std::deque<Item> items;
    for (const char c : loud) items.emplace_back(inference::CompletionChunk{{c}, ""});
    items.emplace_back(completion_of(loud));
    return items;
  }

  class Stream final : public CompletionStream {
   public:
    Stream(FakeTextModel& model, std::deque<FakeTextModel::Item> items)
        : model_(model), items_(std::move(items)) {}
    ~Stream() override {
      if (!has_ended_) model_.drop();
    }
    Task<Item> next(Core& core, Deadline deadline) override {
      if (items_.empty()) {
        co_await nothing_.wait(core, deadline);
        co_return fail(Errc::deadline_exceeded, "not yet");
      }
      auto item = std::move(items_.front());
      items_.pop_front();
      has_ended_ = !item || std::holds_alternative<inference::Completion>(item.value());
      co_return item;
    }

   private:
    FakeTextModel& model_;
    std::deque<FakeTextModel::Item> items_;
    WaitQueue nothing_;
    bool has_ended_ = false;
  };

  void drop() {
    const std::lock_guard lock(mutex_);
    ++dropped_;
    changed_.notify_all();
  }

  const std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<inference::CompletionRequest> requests_;
  int dropped_ = 0;
};

}  // namespace sluice
