#include "base/output.h"

#include "base/handover.h"
#include "base/side_thread.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice {

namespace {

// One write: what a pipe holds by default. More would only put more texts in doubt when a deadline
// passes in the middle.
constexpr std::size_t kBatchBytes = 64U * 1024;

/// Blocks until all is written.
Result<void> write_out(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(Errc::unavailable, std::system_category().message(errno));
    pollfd room{descriptor, POLLOUT, 0};
    (void)::poll(&room, 1, -1);
  }
  return boost::outcome_v2::success();
}

}  // namespace

/// What an Output and its thread share; the thread may outlive the Output.
class Output::Queue : public std::enable_shared_from_this<Queue> {
 public:
  struct Entry;
  using EntryPtr = std::shared_ptr<Entry>;
  struct Entry {
    explicit Entry(std::string its) : text(std::move(its)) {}
    const std::string text;
    Handover<Result<void>> written;
    std::optional<std::list<EntryPtr>::iterator> place;  // While it is queued.
  };

  Queue(int descriptor, std::size_t capacity_bytes)
      : descriptor_(descriptor), capacity_bytes_(capacity_bytes) {}

  Result<void> push(const EntryPtr& entry);
  void withdraw(Entry& entry);
  void close();

 private:
  void run();
  std::vector<EntryPtr> take();

  const int descriptor_;
  const std::size_t capacity_bytes_;
  std::mutex mutex_;  // Guards what follows; see broker/LOCKS.md.
  std::condition_variable changed_;
  std::list<EntryPtr> entries_;
  std::size_t bytes_ = 0;
  bool running_ = false;
  bool closed_ = false;
};

Result<void> Output::Queue::push(const EntryPtr& entry) {
  const std::lock_guard lock(mutex_);
  if (!entries_.empty() && bytes_ + entry->text.size() > capacity_bytes_) {
    return fail(Errc::resource_exhausted,
                std::to_string(bytes_) + " bytes wait to be written already");
  }
  if (!running_) {
    SLUICE_TRY(run_aside([self = shared_from_this()] { self->run(); }));
    running_ = true;
  }
  entry->place = entries_.insert(entries_.end(), entry);
  bytes_ += entry->text.size();
  changed_.notify_one();
  return boost::outcome_v2::success();
}

void Output::Queue::withdraw(Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (!entry.place) return;
  entries_.erase(*std::exchange(entry.place, std::nullopt));
  bytes_ -= entry.text.size();
}

void Output::Queue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

/// Waits for texts, and takes as many as make one write; none: there will be no more.
std::vector<Output::Queue::EntryPtr> Output::Queue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !entries_.empty(); });
  std::vector<EntryPtr> batch;
  std::size_t size = 0;
  while (!entries_.empty() && size < kBatchBytes) {
    batch.push_back(std::move(entries_.front()));
    entries_.pop_front();
    batch.back()->place.reset();
    size += batch.back()->text.size();
  }
  bytes_ -= size;
  return batch;
}

void Output::Queue::run() {
  for (auto batch = take(); !batch.empty(); batch = take()) {
    std::string bytes;
    for (const EntryPtr& entry : batch) bytes += entry->text;
    const Result<void> result = write_out(descriptor_, bytes);
    for (const EntryPtr& entry : batch) entry->written.give(result);
  }
}

Output::Output(int descriptor, std::size_t capacity_bytes)
    : queue_(std::make_shared<Queue>(descriptor, capacity_bytes)) {}

Output::~Output() { queue_->close(); }

Task<void> Output::write(Core& core, std::string text, Deadline deadline) {
  const auto entry = std::make_shared<Queue::Entry>(std::move(text));
  SLUICE_CO_TRY(queue_->push(entry));
  const auto result = co_await entry->written.wait(core, deadline);
  if (result) co_return *result;
  queue_->withdraw(*entry);
  co_return fail(Errc::deadline_exceeded, "nobody read what was written before");
}

Output& standard_output() {
  static Output output(STDOUT_FILENO);
  return output;
}

}  // namespace sluice
