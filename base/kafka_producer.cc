#include "base/kafka_producer.h"

#include "base/side_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <mutex>

namespace sluice {
namespace {

using std::chrono::steady_clock;

constexpr int kAskForMs = 5'000;

// A client that nobody waits for still has to tell what it knows of its brokers.
constexpr std::chrono::seconds kServeEvery{1};

std::string text_of(const rd_kafka_conf_t& conf, const char* name) {
  std::array<char, 64> text{};
  std::size_t size = text.size();
  const auto found = rd_kafka_conf_get(&conf, name, text.data(), &size);
  return found == RD_KAFKA_CONF_OK ? text.data() : "";
}

std::size_t number_of(const rd_kafka_conf_t& conf, const char* name) {
  return std::strtoull(text_of(conf, name).c_str(), nullptr, 10);
}

KafkaPace::Bounds bounds_of(const rd_kafka_conf_t& conf) {
  const std::chrono::duration<double, std::milli> linger(
      std::strtod(text_of(conf, "linger.ms").c_str(), nullptr));
  KafkaPace::Bounds bounds;
  bounds.linger = std::chrono::duration_cast<std::chrono::microseconds>(linger);
  bounds.bytes = number_of(conf, "batch.size");
  bounds.records = number_of(conf, "batch.num.messages");
  return bounds;
}

/// Has the client learn of a topic as soon as it has a broker. By itself it looks each second.
void learn(const KafkaHandle& client, const std::string& name) {
  const auto started = run_aside([client, name] {
    const std::unique_ptr<rd_kafka_topic_t, FreeKafka> topic(
        rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
    const rd_kafka_metadata_t* raw = nullptr;
    rd_kafka_metadata(client.get(), 0, topic.get(), &raw, kAskForMs);
    const KafkaMetadata ignored(raw);
  });
  static_cast<void>(started);
}

}  // namespace

/// What a client's callbacks see; outlives the producer with its client.
struct KafkaProducer::Context {
  std::shared_ptr<const EventFd> signal;  // The client writes to it until it is destroyed.
  std::atomic<bool> abandoned{false};     // What is reported now reaches nobody.
  bool doubts = false;
  bool failed = false;
};

Result<std::shared_ptr<KafkaProducer>> KafkaProducer::of(Core& core,
                                                         const KafkaSettings& settings) {
  using Key = std::pair<Core*, KafkaSettings>;
  static std::mutex mutex;
  static std::map<Key, std::weak_ptr<KafkaProducer>> known;  // Settings are those of manifests.
  const std::lock_guard lock(mutex);
  std::weak_ptr<KafkaProducer>& entry = known[Key(&core, settings)];
  if (auto shared = entry.lock()) return shared;
  std::shared_ptr<KafkaProducer> made(new KafkaProducer(core, settings));
  SLUICE_TRY(made->open());
  entry = made;
  return made;
}

Result<void> KafkaProducer::check(const KafkaSettings& settings) {
  SLUICE_TRY(KafkaConf ready, conf(settings));
  auto context = std::make_shared<Context>();
  context->abandoned = true;
  SLUICE_TRY(open_kafka(RD_KAFKA_PRODUCER, std::move(ready), std::move(context)));
  return boost::outcome_v2::success();
}

KafkaProducer::KafkaProducer(Core& core, const KafkaSettings& settings)
    : core_(core),
      settings_(settings),
      wake_(core),
      link_(std::make_shared<KafkaLink>(settings.bootstrap_servers)) {}

KafkaProducer::~KafkaProducer() {
  link_->close();
  abandon();
}

Result<KafkaConf> KafkaProducer::conf(const KafkaSettings& settings) {
  SLUICE_TRY(KafkaConf conf,
             make_kafka_conf(settings,
                             {{"linger.ms", "1"},
                              {"message.timeout.ms", "5000"},
                              // Before that: a topic that is not there is told as that.
                              {"topic.metadata.propagation.max.ms", "4000"},
                              {"queue.buffering.max.messages", "100000"},
                              {"queue.buffering.max.kbytes", "65536"},
                              {"reconnect.backoff.max.ms", "1000"},
                              {"partitioner", "murmur2_random"}},  // As Java's clients.
                             {{"acks", "all"}, {"enable.idempotence", "true"}}));
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  return conf;
}

Result<void> KafkaProducer::open() {
  SLUICE_TRY(KafkaConf ready, conf(settings_));
  bounds_ = bounds_of(*ready);
  held_.most_records = number_of(*ready, "queue.buffering.max.messages");
  held_.most_bytes = number_of(*ready, "queue.buffering.max.kbytes") * 1024;
  held_.longest = std::chrono::milliseconds(number_of(*ready, "message.timeout.ms"));
  context_ = std::make_shared<Context>();
  context_->signal = wake_.signal();
  SLUICE_TRY(handle_, open_kafka(RD_KAFKA_PRODUCER, std::move(ready), context_));
  const KafkaQueue reports(rd_kafka_queue_get_main(handle_.get()));
  wake_.watch(*reports);
  return boost::outcome_v2::success();
}

void KafkaProducer::on_report(rd_kafka_t*, const rd_kafka_message_t* record, void* opaque) {
  const boost::intrusive_ptr<KafkaPending> pending(static_cast<KafkaPending*>(record->_private),
                                                   false);
  if (static_cast<const Context*>(opaque)->abandoned) return;
  pending->route.done(*pending);
  pending->report(record->err, {record->partition, record->offset});
}

void KafkaProducer::on_error(rd_kafka_t*, int code, const char*, void* opaque) {
  auto* const context = static_cast<Context*>(opaque);
  if (context->abandoned) return;
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) context->doubts = true;
  if (code == RD_KAFKA_RESP_ERR__FATAL) context->failed = true;
}

/// The way to a topic, by a client that works.
Result<KafkaRoute*> KafkaProducer::route_to(std::string_view topic) {
  if (!handle_) {
    SLUICE_TRY(open());
  }
  if (link_->is_down()) return fail(Errc::unavailable, link_->trouble());
  auto known = routes_.find(topic);
  if (known == routes_.end()) {
    std::string name(topic);
    known = routes_.try_emplace(name, name, held_).first;
  }
  KafkaRoute& route = known->second;
  if (!route.is_open()) {
    SLUICE_TRY(route.open(*handle_, bounds_));
    learn(handle_, known->first);
  }
  return &route;
}

/// Waits until a record that is held has had its turn.
Task<void> KafkaProducer::outlast(KafkaPending& pending, Deadline deadline) {
  const Deadline patience = std::min(deadline, steady_clock::now() + held_.longest);
  bool hurry = false;
  while (pending.is_held() && !hurry && steady_clock::now() < patience && !link_->is_down()) {
    const Deadline until = std::min(patience, pending.route.ends());
    const bool answered = co_await pending.answered.wait(core_, until);
    hurry = !answered && steady_clock::now() < until;
    if (!answered) pending.route.pump();
  }
  if (!pending.is_held()) co_return boost::outcome_v2::success();
  pending.route.release(pending);
  if (link_->is_down()) co_return fail(Errc::unavailable, link_->trouble());
  co_return fail(
      hurry || patience == deadline ? Errc::deadline_exceeded : Errc::unavailable,
      "topic " + std::string(pending.record.topic) + ": what was sent before is not acknowledged");
}

/// Hands a record over, or holds it, and waits for its report.
Result<KafkaProducer::PendingPtr> KafkaProducer::start(KafkaOutgoing& record) {
  SLUICE_TRY(KafkaRoute* const route, route_to(record.topic));
  PendingPtr pending(new KafkaPending(record, *route));
  auto started = route->start(*pending);
  if (!started) {
    serve();  // It may have room again, or have failed for good.
    return std::move(started).error();
  }
  waiting_.push_back(*pending);
  listen();
  return pending;
}

/// Waits for it no more.
void KafkaProducer::forget(KafkaPending& pending) {
  pending.route.release(pending);
  pending.stop_waiting();
  if (waiting_.empty()) wake_.stop();
}

/// What has become of a record that had its `turn`, or not.
Result<KafkaPosition> KafkaProducer::ended(KafkaPending& pending, const Result<void>& turn) {
  forget(pending);
  if (!turn) return turn.error();
  if (pending.is_answered && pending.error == RD_KAFKA_RESP_ERR_NO_ERROR) return pending.position;
  const std::string topic = "topic " + std::string(pending.record.topic);
  if (!pending.is_answered)
    return fail(Errc::deadline_exceeded, topic + ": not acknowledged in time");
  if (pending.error != RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) return kafka_error(pending.error, topic);
  std::string why = link_->trouble();
  if (why.empty()) why = "the brokers of " + settings_.bootstrap_servers + " are slow, or lack it";
  return fail(Errc::unavailable, topic + ": not acknowledged within message.timeout.ms: " + why);
}

Task<KafkaPosition> KafkaProducer::produce(KafkaOutgoing& record, Deadline deadline) {
  SLUICE_CO_TRY(const PendingPtr pending, start(record));
  Result<void> turn = boost::outcome_v2::success();
  if (pending->is_held()) turn = co_await outlast(*pending, deadline);
  if (turn && !pending->is_answered) co_await pending->answered.wait(core_, deadline);
  co_return ended(*pending, turn);
}

/// Whether all of them can be handed over or held, however that will be divided.
bool KafkaProducer::has_room(std::span<const KafkaOutgoing> records) const {
  std::size_t bytes = 0;
  for (const KafkaOutgoing& record : records) bytes += record.bytes();
  const int handed_over = handle_ ? rd_kafka_outq_len(handle_.get()) : 0;
  return held_.has_room(static_cast<std::size_t>(handed_over) + records.size(), bytes);
}

Task<std::vector<KafkaPosition>> KafkaProducer::produce_all(std::vector<KafkaOutgoing>& records,
                                                            Deadline deadline) {
  if (!has_room(records)) {
    serve();  // It may have room again.
    co_return fail(Errc::resource_exhausted, "Kafka's brokers take less than is sent");
  }
  std::vector<PendingPtr> all;
  Result<void> turn = boost::outcome_v2::success();
  for (KafkaOutgoing& record : records) {
    auto started = start(record);
    if (!started) turn = std::move(started).error();
    if (!turn) break;
    all.push_back(std::move(started).value());
  }
  std::vector<KafkaPosition> positions;
  for (const PendingPtr& pending : all) {
    if (turn && pending->is_held()) turn = co_await outlast(*pending, deadline);
    if (turn && !pending->is_answered) co_await pending->answered.wait(core_, deadline);
    const auto where = ended(*pending, turn);  // The first that fails ends the waiting for all.
    if (where) positions.push_back(where.value());
    if (!where) turn = where.error();
  }
  if (!turn) co_return std::move(turn).error();
  co_return positions;
}

void KafkaProducer::listen() {
  if (!wake_.is_waiting()) wake_.wait([this] { serve(); });
  if (!is_linked()) core_.deadlines().schedule(*this, steady_clock::now() + kServeEvery);
}

void KafkaProducer::expire() {
  serve();
  core_.deadlines().schedule(*this, steady_clock::now() + kServeEvery);
}

void KafkaProducer::serve() {
  if (!handle_) return;
  rd_kafka_poll(handle_.get(), 0);
  if (context_->doubts) link_->doubt(handle_);
  context_->doubts = false;
  if (context_->failed || rd_kafka_fatal_error(handle_.get(), nullptr, 0) != 0) {
    spdlog::warn("kafka.producer_rebuilt servers={} reason=\"{}\"", settings_.bootstrap_servers,
                 rd_kafka_err2str(rd_kafka_fatal_error(handle_.get(), nullptr, 0)));
    abandon();  // The next record opens another.
  }
  if (!waiting_.empty()) listen();
}

/// Lets go of the client. What it has not acknowledged fails; nobody was told that it is there.
void KafkaProducer::abandon() {
  if (!handle_) return;
  wake_.stop();
  context_->abandoned = true;
  const KafkaQueue reports(rd_kafka_queue_get_main(handle_.get()));
  KafkaWake::unwatch(*reports);
  for (KafkaPending& pending : waiting_) {
    pending.route.release(pending);
    pending.report(RD_KAFKA_RESP_ERR__TRANSPORT, {});
  }
  waiting_.clear();
  for (auto& [name, route] : routes_) route.close();
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
  handle_.reset();
}

}  // namespace sluice
