#include "base/kafka_producer.h"

#include "base/side_thread.h"
#include "base/wait_queue.h"

#include <boost/smart_ptr/intrusive_ref_counter.hpp>
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

// How long a record waits for its turn, whatever its deadline.
constexpr std::chrono::seconds kHeldAtMost{5};

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

std::size_t bytes_of(const KafkaOutgoing& record) {
  return record.headers.bytes() + (record.value ? record.value->size() : 0);
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

/// The way to one topic.
struct KafkaProducer::Route {
  std::unique_ptr<rd_kafka_topic_t, FreeKafka> topic;  // Of the client of this moment.
  std::optional<KafkaPace> pace;                       // With it.
  WaitQueue room;

  void done(KafkaPace::Round round) {
    if (pace->done(round)) room.notify_all();
  }
};

/// A record on its way: held by who waits for it and, through librdkafka, by its report.
struct KafkaProducer::Pending
    : boost::intrusive_ref_counter<Pending>,
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  void report(rd_kafka_resp_err_t code, KafkaPosition where) {
    if (is_answered) return;
    error = code;
    position = where;
    is_answered = true;
    answered.notify_one();
  }

  WaitQueue answered;
  KafkaPosition position;
  Route* route = nullptr;
  KafkaPace::Round round = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool is_answered = false;
};

struct KafkaProducer::Waiting {
  boost::intrusive::list<Pending, boost::intrusive::constant_time_size<false>> list;
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
      link_(std::make_shared<KafkaLink>(settings.bootstrap_servers)),
      waiting_(std::make_unique<Waiting>()) {}

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
  context_ = std::make_shared<Context>();
  context_->signal = wake_.signal();
  SLUICE_TRY(handle_, open_kafka(RD_KAFKA_PRODUCER, std::move(ready), context_));
  const KafkaQueue reports(rd_kafka_queue_get_main(handle_.get()));
  wake_.watch(*reports);
  return boost::outcome_v2::success();
}

void KafkaProducer::on_report(rd_kafka_t*, const rd_kafka_message_t* record, void* opaque) {
  const PendingPtr pending(static_cast<Pending*>(record->_private), false);
  if (static_cast<const Context*>(opaque)->abandoned) return;
  pending->route->done(pending->round);
  pending->report(record->err, {record->partition, record->offset});
}

void KafkaProducer::on_error(rd_kafka_t*, int code, const char*, void* opaque) {
  auto* const context = static_cast<Context*>(opaque);
  if (context->abandoned) return;
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) context->doubts = true;
  if (code == RD_KAFKA_RESP_ERR__FATAL) context->failed = true;
}

/// The way to a topic, by a client that works.
Result<KafkaProducer::Route*> KafkaProducer::route_to(std::string_view topic) {
  if (!handle_) {
    SLUICE_TRY(open());
  }
  if (link_->is_down()) return fail(Errc::unavailable, link_->trouble());
  auto known = routes_.find(topic);
  if (known == routes_.end()) known = routes_.try_emplace(std::string(topic)).first;
  Route& route = known->second;
  if (!route.topic) {
    route.topic.reset(rd_kafka_topic_new(handle_.get(), known->first.c_str(), nullptr));
    if (!route.topic) return kafka_error(rd_kafka_last_error(), "topic " + known->first);
    route.pace.emplace(bounds_);
    learn(handle_, known->first);
  }
  return &route;
}

// Without a partition, and with headers that stay ours on error: librdkafka 2.0 frees its own
// twice.
Result<KafkaProducer::PendingPtr> KafkaProducer::hand_over(KafkaOutgoing& record, Route& route,
                                                           KafkaPace::Round round) {
  PendingPtr pending(new Pending);
  pending->route = &route;
  pending->round = round;
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_RKT;
  parts[0].u.rkt = route.topic.get();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[2].u.ptr = pending.get();
  parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[3].u.headers = record.headers.list_.get();
  parts[4].vtype = RD_KAFKA_VTYPE_VALUE;
  if (record.value) {
    // Empty is not null: there is data, of no bytes.
    parts[4].u.mem.ptr = const_cast<char*>(record.value->empty() ? "" : record.value->data());
    parts[4].u.mem.size = record.value->size();
  }
  std::size_t count = 5;
  if (record.key) {
    parts[count].vtype = RD_KAFKA_VTYPE_KEY;
    parts[count].u.mem.ptr = const_cast<char*>(record.key->empty() ? "" : record.key->data());
    parts[count++].u.mem.size = record.key->size();
  }
  intrusive_ptr_add_ref(pending.get());  // The report's.
  const KafkaError refused(rd_kafka_produceva(handle_.get(), parts.data(), count));
  if (!refused) {
    static_cast<void>(record.headers.list_.release());
    return pending;
  }
  intrusive_ptr_release(pending.get());
  return kafka_error(rd_kafka_error_code(refused.get()), "topic " + std::string(record.topic));
}

Task<KafkaPace::Round> KafkaProducer::wait_for_turn(const KafkaOutgoing& record, Route& route,
                                                    Deadline deadline) {
  const std::size_t bytes = bytes_of(record);
  if (held_.records >= held_.most_records || held_.bytes + bytes > held_.most_bytes) {
    co_return fail(Errc::resource_exhausted,
                   "topic " + std::string(record.topic) + ": the brokers take less than is sent");
  }
  const Deadline patience = std::min(deadline, steady_clock::now() + kHeldAtMost);
  ++held_.records;
  held_.bytes += bytes;
  std::optional<KafkaPace::Round> round;
  Result<Route*> there = &route;
  while (there && !round && steady_clock::now() < patience) {
    listen();
    const Deadline until = std::min(patience, route.pace->ends());
    co_await route.room.wait(core_, until);
    there = route_to(record.topic);  // The client may be another by now.
    if (there) round = route.pace->take(steady_clock::now(), bytes);
  }
  --held_.records;
  held_.bytes -= bytes;
  if (!is_awaited()) wake_.stop();
  if (round) co_return *round;
  if (!there) co_return there.error();
  co_return fail(
      patience < deadline ? Errc::unavailable : Errc::deadline_exceeded,
      "topic " + std::string(record.topic) + ": what was sent before is not acknowledged");
}

Task<KafkaPosition> KafkaProducer::produce(KafkaOutgoing& record, Deadline deadline) {
  SLUICE_CO_TRY(Route* const route, route_to(record.topic));
  auto round = route->pace->take(steady_clock::now(), bytes_of(record));
  if (!round) {
    SLUICE_CO_TRY(const auto later, co_await wait_for_turn(record, *route, deadline));
    round = later;
  }
  auto handed = hand_over(record, *route, *round);
  if (!handed) {
    route->done(*round);
    serve();  // It may have room again, or have failed for good.
    co_return std::move(handed).error();
  }
  const PendingPtr pending = std::move(handed).value();
  waiting_->list.push_back(*pending);
  listen();
  co_await pending->answered.wait(core_, deadline);
  pending->unlink();
  if (!is_awaited()) wake_.stop();
  if (!pending->is_answered) {
    co_return fail(Errc::deadline_exceeded,
                   "topic " + std::string(record.topic) + ": not acknowledged in time");
  }
  if (pending->error == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) {
    const std::string trouble = link_->trouble();
    co_return fail(
        Errc::unavailable,
        "topic " + std::string(record.topic) + ": not acknowledged within message.timeout.ms: " +
            (trouble.empty()
                 ? "the brokers of " + settings_.bootstrap_servers + " are slow, or do not have it"
                 : trouble));
  }
  if (pending->error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    co_return kafka_error(pending->error, "topic " + std::string(record.topic));
  }
  co_return pending->position;
}

bool KafkaProducer::is_awaited() const noexcept {
  return !waiting_->list.empty() || held_.records > 0;
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
  if (is_awaited()) listen();
}

/// Lets go of the client. What it has not acknowledged fails; nobody was told that it is there.
void KafkaProducer::abandon() {
  if (!handle_) return;
  wake_.stop();
  context_->abandoned = true;
  const KafkaQueue reports(rd_kafka_queue_get_main(handle_.get()));
  KafkaWake::unwatch(*reports);
  for (Pending& pending : waiting_->list) pending.report(RD_KAFKA_RESP_ERR__TRANSPORT, {});
  waiting_->list.clear();
  for (auto& [name, route] : routes_) {
    route.topic.reset();
    route.room.notify_all();
  }
  rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
  handle_.reset();
}

}  // namespace sluice
