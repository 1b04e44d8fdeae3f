// KafkaChannel (messaging.knative.dev/v1beta1): events wait in a Kafka topic, which Sluice makes
// where it is not there. Names as Knative's: topic knative-messaging-kafka.NAMESPACE.NAME, a group
// kafka.NAMESPACE.NAME.CONSUMER for each consumer. CloudEvents' Kafka protocol binding 1.0.2,
// binary mode; `partitionkey` is the record's key.
//
//   bootstrapServers   "host:port,host:port"
//   numPartitions      1 if absent; replicationFactor: 1 if absent
//   retentionDuration  PT168H if absent
//   properties         librdkafka's own: security and tuning
//
// 202 means: acknowledged by all in-sync replicas, by an idempotent producer, and every group has a
// position at or before it. Events are handed out again that were not settled before the last
// commit (100 ms) of a process that died. What retention takes away before a consumer came to it is
// skipped with a warn line. capacity_events, where it is set, bounds the depth: from the lowest
// settled position of the consumers here to the end of the log, in offsets, on the partitions
// assigned here.
//
// A claim is answered true to one process, the owner of partition 0 in the group
// sluice-leader.NAMESPACE.NAME: never to two for one occasion (base/kafka_leader.h), and to none
// for up to the session timeout after the owner died.

#include "base/assert.h"
#include "base/kafka_leader.h"
#include "base/kafka_producer.h"
#include "base/on_core.h"
#include "channels/channel.h"
#include "channels/kafka_channel_settings.h"
#include "channels/kafka_consumer.h"
#include "event/event_record.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace sluice {
namespace {

using std::chrono::steady_clock;
using ReaderPtr = std::shared_ptr<KafkaGroupReader>;

// How long an append waits for the topic and for the groups' first positions.
constexpr std::chrono::seconds kReadyWithin{10};
// Ends that own reports tell; of further partitions the consumers know.
constexpr std::size_t kLeastEnds = 64;

/// What the channel and its consumers share.
struct Shared {
  std::mutex mutex;  // Guards what follows; see broker/LOCKS.md.
  std::map<std::string, ReaderPtr> readers;
  std::uint64_t opened = 0;
};

Awaitable<void> close_reader(ReaderPtr reader) { co_await reader->close(); }
Awaitable<void> close_leader(std::shared_ptr<KafkaLeader> leader) { co_await leader->close(); }
Awaitable<void> start_close(ReaderPtr reader) {
  reader->start_close();
  co_return;
}

class KafkaChannel final : public Channel {
 public:
  KafkaChannel(KafkaChannelSettings settings, std::shared_ptr<KafkaTopicGate> topic)
      : settings_(std::move(settings)),
        topic_(std::move(topic)),
        ends_(std::max(kLeastEnds, static_cast<std::size_t>(settings_.topic.partitions))) {}
  ~KafkaChannel() override { topic_->close(); }
  KafkaChannel(const KafkaChannel&) = delete;
  KafkaChannel& operator=(const KafkaChannel&) = delete;

  Task<void> append(EventPtr event, Deadline deadline) override {
    if (closed_) co_return closed();
    SLUICE_CO_TRY(const auto producer, producer_here());
    if (!is_ready_) {
      SLUICE_CO_TRY(co_await get_ready(*producer, deadline));
    }
    SLUICE_CO_TRY(check_room(1));
    const EventRecord record = record_of(*event);
    KafkaOutgoing outgoing = outgoing_of(record);
    SLUICE_CO_TRY(const KafkaPosition where, co_await producer->produce(outgoing, deadline));
    note_end(where);
    co_return boost::outcome_v2::success();
  }

  Task<void> append_all(std::vector<EventPtr> events, Deadline deadline) override {
    if (closed_) co_return closed();
    SLUICE_CO_TRY(const auto producer, producer_here());
    if (!is_ready_) {
      SLUICE_CO_TRY(co_await get_ready(*producer, deadline));
    }
    SLUICE_CO_TRY(check_room(events.size()));
    std::vector<EventRecord> records;
    std::vector<KafkaOutgoing> outgoing;
    records.reserve(events.size());
    outgoing.reserve(events.size());
    for (const EventPtr& event : events) {
      outgoing.push_back(outgoing_of(records.emplace_back(record_of(*event))));
    }
    SLUICE_CO_TRY(const auto positions, co_await producer->produce_all(outgoing, deadline));
    for (const KafkaPosition& where : positions) note_end(where);
    co_return boost::outcome_v2::success();
  }

  Result<std::unique_ptr<Consumer>> open_consumer(ConsumerOptions options) override {
    SLUICE_ASSERT(options.core != nullptr);
    const std::lock_guard lock(shared_->mutex);
    if (closed_) return closed();
    if (shared_->readers.contains(options.name)) {
      return fail(Errc::invalid_argument, "consumer '" + options.name + "' is already open");
    }
    KafkaReaderOptions reading;
    reading.settings = settings_.client;
    reading.name.group = settings_.group_of(options.name);
    reading.name.topics = {settings_.topic.name};
    SLUICE_TRY(ReaderPtr reader, KafkaGroupReader::open(*options.core, std::move(reading)));
    shared_->readers.emplace(options.name, reader);
    ++shared_->opened;
    is_ready_ = false;
    return make_kafka_consumer(std::move(reader), std::move(options.filter),
                               [shared = shared_, name = options.name] {
                                 const std::lock_guard held(shared->mutex);
                                 shared->readers.erase(name);
                               });
  }

  ChannelStatus status() const override {
    ChannelStatus status;
    status.durable = true;
    status.depth = count_depth();
    status.trouble = topic_->trouble();
    const std::lock_guard lock(shared_->mutex);
    for (const auto& [core, producer] : producers_) {
      if (status.trouble.empty()) status.trouble = producer->trouble();
    }
    for (const auto& [name, reader] : shared_->readers) {
      if (!status.trouble.empty()) break;
      const std::string trouble = reader->trouble();
      if (!trouble.empty()) status.trouble = "consumer " + name + ": " + trouble;
    }
    return status;
  }

  Task<bool> claim(const Claim& what, Deadline deadline) override {
    if (closed_) co_return closed();
    const std::string occasion = what.name + '\n' + what.occasion;
    Core& core = *Core::current();
    SLUICE_CO_TRY(co_await topic_->wait(core, deadline));
    SLUICE_CO_TRY(const auto leader, leader_of(core));
    co_return co_await leader->claim(core, occasion, deadline);
  }

  Awaitable<void> close() override {
    std::vector<ReaderPtr> readers;
    std::shared_ptr<KafkaLeader> leader;
    {
      const std::lock_guard lock(shared_->mutex);
      closed_ = true;
      for (const auto& [name, reader] : shared_->readers) readers.push_back(reader);
      leader = leader_;
    }
    topic_->close();
    // All at a time: each waits for the brokers.
    for (const ReaderPtr& reader : readers) co_await on_core(reader->core(), start_close(reader));
    for (const ReaderPtr& reader : readers) co_await on_core(reader->core(), close_reader(reader));
    if (leader) co_await on_core(leader->core(), close_leader(leader));
  }

 private:
  static Error closed() { return fail(Errc::cancelled, "the channel is closed"); }

  Result<std::shared_ptr<KafkaProducer>> producer_here() {
    Core* const core = Core::current();
    SLUICE_ASSERT(core != nullptr);
    const std::lock_guard lock(shared_->mutex);
    const auto known = producers_.find(core);
    if (known != producers_.end()) return known->second;
    SLUICE_TRY(auto made, KafkaProducer::of(*core, settings_.client));
    producers_.emplace(core, made);
    return made;
  }

  Result<std::shared_ptr<KafkaLeader>> leader_of(Core& core) {
    const std::lock_guard lock(shared_->mutex);
    if (closed_) return closed();
    if (!leader_) {
      SLUICE_TRY(leader_, KafkaLeader::open(core, settings_.client, settings_.leader_group(),
                                            settings_.topic.name));
    }
    return leader_;
  }

  /// Waits for the topic and for the positions of every consumer opened so far.
  Task<void> get_ready(const KafkaProducer& producer, Deadline deadline) {
    Core& core = *Core::current();
    const std::string trouble = producer.trouble();
    if (!trouble.empty()) co_return fail(Errc::unavailable, trouble);
    const Deadline until = std::min(deadline, steady_clock::now() + kReadyWithin);
    SLUICE_CO_TRY(co_await topic_->wait(core, until));
    std::vector<ReaderPtr> readers;
    std::uint64_t opened = 0;
    {
      const std::lock_guard lock(shared_->mutex);
      opened = shared_->opened;
      for (const auto& [name, reader] : shared_->readers) readers.push_back(reader);
    }
    for (const ReaderPtr& reader : readers) {
      SLUICE_CO_TRY(co_await reader->wait_positioned(core, until));
    }
    const std::lock_guard lock(shared_->mutex);
    is_ready_ = opened == shared_->opened;
    co_return boost::outcome_v2::success();
  }

  /// With views into `record` and its event.
  KafkaOutgoing outgoing_of(const EventRecord& record) const {
    KafkaOutgoing outgoing(record.fields.size());
    outgoing.topic = settings_.topic.name;
    outgoing.key = record.key;
    outgoing.value = record.data;
    for (const RecordField& field : record.fields) outgoing.headers.add(field.name, field.value);
    return outgoing;
  }

  Result<void> check_room(std::size_t events) const {
    const std::size_t capacity = settings_.capacity_events;
    const bool has_room = capacity == SIZE_MAX || count_depth() + events <= capacity;
    if (has_room) return boost::outcome_v2::success();
    return no_room(events, capacity, "events");
  }

  void note_end(KafkaPosition where) {
    const auto index = static_cast<std::size_t>(where.partition);
    if (index >= ends_.size()) return;
    std::atomic<std::int64_t>& end = ends_[index];
    std::int64_t known = end.load(std::memory_order_relaxed);
    while (known <= where.offset && !end.compare_exchange_weak(known, where.offset + 1)) {
    }
  }

  /// Per partition what the consumer that is furthest behind owes.
  std::uint64_t count_depth() const {
    std::map<std::int32_t, std::int64_t> owed;
    const std::lock_guard lock(shared_->mutex);
    for (const auto& [name, reader] : shared_->readers) {
      for (const KafkaBacklog& one : reader->backlog()) {
        const auto index = static_cast<std::size_t>(one.partition);
        const std::int64_t own =
            index < ends_.size() ? ends_[index].load(std::memory_order_relaxed) : 0;
        std::int64_t& most = owed[one.partition];
        most = std::max(most, std::max(own, one.end) - one.done);
      }
    }
    std::uint64_t depth = 0;
    for (const auto& [partition, count] : owed) depth += static_cast<std::uint64_t>(count);
    return depth;
  }

  const KafkaChannelSettings settings_;
  const std::shared_ptr<KafkaTopicGate> topic_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::vector<std::atomic<std::int64_t>> ends_;  // By partition.
  std::atomic<bool> is_ready_{false};
  std::atomic<bool> closed_{false};
  std::map<Core*, std::shared_ptr<KafkaProducer>> producers_;  // These two under shared_->mutex.
  std::shared_ptr<KafkaLeader> leader_;
};

}  // namespace

Result<std::unique_ptr<Channel>> make_kafka_channel(const ChannelSpec& spec) {
  SLUICE_TRY(KafkaChannelSettings settings, read_kafka_channel_settings(spec));
  SLUICE_TRY(auto topic, KafkaTopicGate::open(settings.client, settings.topic));
  return std::make_unique<KafkaChannel>(std::move(settings), std::move(topic));
}

}  // namespace sluice
