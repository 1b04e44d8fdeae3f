// InMemoryChannel: events wait in this process, bounded by events and bytes, and are lost with it.
// 202 means "queued". Every consumer has a queue of its own, so a slow one delays no other; what
// they share is the event and one entry that counts who still owes an ack.
//
//   capacity_events, capacity_bytes   of events not yet settled by every consumer; past either,
//                                     append() answers resource_exhausted.

#include "base/assert.h"
#include "base/ring_queue.h"
#include "channels/channel.h"
#include "filter/filter_index.h"

#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace sluice {
namespace {

/// What is held against the capacity. Outlives the channel while a delivery is out.
struct Occupancy {
  std::atomic<std::size_t> events{0};
  std::atomic<std::size_t> bytes{0};
};

/// One accepted event. Each consumer that has not settled it holds a reference; the last one to let
/// go gives its room back.
struct Entry {
  Entry(EventPtr accepted, std::shared_ptr<Occupancy> counts)
      : event(std::move(accepted)), occupancy(std::move(counts)) {}
  ~Entry() {
    occupancy->events.fetch_sub(1, std::memory_order_relaxed);
    occupancy->bytes.fetch_sub(event->size_bytes(), std::memory_order_relaxed);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  EventPtr event;
  std::shared_ptr<Occupancy> occupancy;
  std::atomic<std::uint32_t> references{0};

  friend void intrusive_ptr_add_ref(Entry* entry) noexcept {
    entry->references.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(Entry* entry) noexcept {
    if (entry->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete entry;
  }
};

struct Queued {
  boost::intrusive_ptr<Entry> entry;
  std::uint32_t attempt = 0;
};

/// One consumer's queue. Pushed to from any core, read on its own.
class Queue : public std::enable_shared_from_this<Queue> {
 public:
  explicit Queue(Core& core) : core_(core) {}

  void push(Queued item) { add(std::move(item), false); }
  void push_again(Queued item) { add(std::move(item), true); }

  /// What was pushed first; nothing while there is none, and then the next push wakes the reader.
  std::optional<Queued> pop() {
    const std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
    if (!items_.empty()) return items_.pop_front();
    wake_wanted_ = true;
    return std::nullopt;
  }

  void listen(ConsumerListener& listener) { listener_ = &listener; }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }

  /// Counts of the filter: what was appended, less what came through.
  std::uint64_t appended_before = 0;
  std::atomic<std::uint64_t> matched{0};

 private:
  void add(Queued item, bool in_front) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (in_front) {
      items_.push_front(std::move(item));
    } else {
      items_.push_back(std::move(item));
    }
    if (!wake_wanted_) return;
    wake_wanted_ = false;
    boost::asio::post(core_.executor(), [self = shared_from_this()] {
      if (self->listener_ != nullptr) self->listener_->on_ready();
    });
  }

  Core& core_;
  ConsumerListener* listener_ = nullptr;  // Touched on core_ only.
  std::mutex mutex_;                      // Guards what follows; see broker/LOCKS.md.
  RingQueue<Queued> items_;
  bool wake_wanted_ = false;
  bool closed_ = false;
};

class MemoryDelivery final : public Delivery {
 public:
  MemoryDelivery(Queued item, std::shared_ptr<Queue> queue)
      : item_(std::move(item)), queue_(std::move(queue)) {
    ++item_.attempt;
  }
  ~MemoryDelivery() override {
    if (item_.entry) queue_->push_again(std::move(item_));
  }
  MemoryDelivery(const MemoryDelivery&) = delete;
  MemoryDelivery& operator=(const MemoryDelivery&) = delete;

  const EventPtr& event() const noexcept override {
    SLUICE_ASSERT(item_.entry);
    return item_.entry->event;
  }
  std::uint32_t attempt() const noexcept override { return item_.attempt; }
  void ack() noexcept override { item_.entry.reset(); }

 private:
  Queued item_;
  std::shared_ptr<Queue> queue_;
};

/// What append() and open_consumer() share.
struct Shared {
  explicit Shared(const ChannelSpec& spec)
      : capacity_events(spec.capacity_events), capacity_bytes(spec.capacity_bytes) {}

  const std::size_t capacity_events;
  const std::size_t capacity_bytes;
  std::shared_ptr<Occupancy> occupancy = std::make_shared<Occupancy>();

  std::mutex mutex;  // Guards what follows; taken before a Queue's. See broker/LOCKS.md.
  FilterIndex index;
  std::vector<std::shared_ptr<Queue>> queues;  // By FilterIndex::Id; null where released.
  std::unordered_set<std::string> names;
  std::vector<FilterIndex::Id> matched;  // Scratch of append().
  std::atomic<std::uint64_t> appended{0};
  bool closed = false;
};

class MemoryConsumer final : public Consumer {
 public:
  MemoryConsumer(std::shared_ptr<Shared> shared, FilterIndex::Id id, const std::string& name)
      : shared_(std::move(shared)), queue_(shared_->queues[id]), name_(name), id_(id) {}
  ~MemoryConsumer() override {
    queue_->close();
    const std::lock_guard lock(shared_->mutex);
    shared_->index.remove(id_);
    shared_->queues[id_].reset();
    shared_->names.erase(shared_->names.find(name_));
  }
  MemoryConsumer(const MemoryConsumer&) = delete;
  MemoryConsumer& operator=(const MemoryConsumer&) = delete;

  DeliveryPtr take() override {
    auto item = queue_->pop();
    if (!item) return nullptr;
    return std::make_unique<MemoryDelivery>(std::move(*item), queue_);
  }

  void listen(ConsumerListener& listener) override { queue_->listen(listener); }

  std::uint64_t filtered() const noexcept override {
    const std::lock_guard lock(shared_->mutex);  // The counts of one moment: they never go back.
    const auto seen = shared_->appended.load(std::memory_order_relaxed) - queue_->appended_before;
    const auto matched = queue_->matched.load(std::memory_order_relaxed);
    return seen - matched;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Queue> queue_;
  const std::string& name_;  // The one in Shared::names.
  FilterIndex::Id id_;
};

class MemoryChannel final : public Channel {
 public:
  explicit MemoryChannel(const ChannelSpec& spec) : shared_(std::make_shared<Shared>(spec)) {}

  Task<void> append(EventPtr event, Deadline) override {
    const std::lock_guard lock(shared_->mutex);
    SLUICE_CO_TRY(take_room(1, event->size_bytes()));
    queue(std::move(event));
    co_return boost::outcome_v2::success();
  }

  Task<void> append_all(std::vector<EventPtr> events, Deadline) override {
    std::size_t bytes = 0;
    for (const EventPtr& event : events) bytes += event->size_bytes();
    const std::lock_guard lock(shared_->mutex);
    SLUICE_CO_TRY(take_room(events.size(), bytes));
    for (EventPtr& event : events) queue(std::move(event));
    co_return boost::outcome_v2::success();
  }

  Result<std::unique_ptr<Consumer>> open_consumer(ConsumerOptions options) override {
    SLUICE_ASSERT(options.core != nullptr);
    const std::lock_guard lock(shared_->mutex);
    if (shared_->closed) return fail(Errc::cancelled, "the channel is closed");
    const auto [name, is_new] = shared_->names.insert(std::move(options.name));
    if (!is_new) return fail(Errc::invalid_argument, "consumer '" + *name + "' is already open");
    const auto id = static_cast<FilterIndex::Id>(shared_->queues.size());
    auto queue = std::make_shared<Queue>(*options.core);
    queue->appended_before = shared_->appended.load(std::memory_order_relaxed);
    shared_->index.add(id, std::move(options.filter));
    shared_->queues.push_back(std::move(queue));
    return std::make_unique<MemoryConsumer>(shared_, id, *name);
  }

  ChannelStatus status() const override {
    ChannelStatus status;
    status.depth = shared_->occupancy->events.load(std::memory_order_relaxed);
    return status;
  }

  // Nobody shares this process's memory.
  Task<bool> claim(const Claim&, Deadline) override { co_return true; }

  Awaitable<void> close() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
    for (const auto& queue : shared_->queues) {
      if (queue) queue->close();
    }
    co_return;
  }

 private:
  /// Under the mutex. Only this function adds, others subtract: so the bounds hold.
  Result<void> take_room(std::size_t events, std::size_t bytes) {
    const Shared& shared = *shared_;
    if (shared.closed) return fail(Errc::cancelled, "the channel is closed");
    Occupancy& occupancy = *shared.occupancy;
    if (occupancy.events.load(std::memory_order_relaxed) + events > shared.capacity_events) {
      return no_room(events, shared.capacity_events, "events");
    }
    if (occupancy.bytes.load(std::memory_order_relaxed) + bytes > shared.capacity_bytes) {
      return no_room(events, shared.capacity_bytes, "bytes");
    }
    occupancy.events.fetch_add(events, std::memory_order_relaxed);
    occupancy.bytes.fetch_add(bytes, std::memory_order_relaxed);
    return boost::outcome_v2::success();
  }

  /// Under the mutex: to everybody who wants an event for which there is room.
  void queue(EventPtr event) {
    Shared& shared = *shared_;
    const boost::intrusive_ptr<Entry> entry(new Entry(std::move(event), shared.occupancy));
    shared.appended.fetch_add(1, std::memory_order_relaxed);
    shared.index.match(*entry->event, shared.matched);
    for (const FilterIndex::Id id : shared.matched) {
      Queue& queue = *shared.queues[id];
      queue.matched.fetch_add(1, std::memory_order_relaxed);
      queue.push({entry, 0});
    }
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<Channel>> make_memory_channel(const ChannelSpec& spec) {
  if (!spec.spec.empty()) {
    return fail(Errc::invalid_argument,
                "InMemoryChannel has no field '" + spec.spec.begin().key() + "' in its spec");
  }
  return std::make_unique<MemoryChannel>(spec);
}

}  // namespace sluice
