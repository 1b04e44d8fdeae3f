#include "base/kafka_member.h"

#include "base/side_thread.h"

#include <spdlog/spdlog.h>

namespace sluice {
namespace {

constexpr int kLeavePollMs = 20;
constexpr int kLeavePolls = 100;

/// The way out that librdkafka 2.0 survives: nothing assigned, no subscription, then close.
void leave_group(rd_kafka_t& client, const rd_kafka_topic_partition_list_t* offsets) {
  if (offsets != nullptr && offsets->cnt > 0) {
    const auto error = rd_kafka_commit(&client, offsets, 0);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      spdlog::debug("kafka.last_commit_failed client={} error=\"{}\"", rd_kafka_name(&client),
                    rd_kafka_err2str(error));
    }
  }
  rd_kafka_assign(&client, nullptr);
  rd_kafka_unsubscribe(&client);
  for (int i = 0; i < kLeavePolls; ++i) {
    const KafkaRaw ignored(rd_kafka_consumer_poll(&client, kLeavePollMs));
    rd_kafka_topic_partition_list_t* raw = nullptr;
    rd_kafka_assignment(&client, &raw);
    const KafkaList left(raw);
    if (!left || left->cnt == 0) break;
  }
  rd_kafka_consumer_close(&client);
}

}  // namespace

void KafkaInbox::post(std::function<void()> news) {
  {
    const std::lock_guard lock(mutex_);
    news_.push_back(std::move(news));
  }
  signal_->signal();
}

std::vector<std::function<void()>> KafkaInbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

/// What a client's callbacks see; outlives the member with its client.
struct KafkaMember::Context {
  std::shared_ptr<const EventFd> signal;  // The client writes to it until it is destroyed.
  KafkaMember* member = nullptr;          // Null once it has left: then callbacks run elsewhere.
};

KafkaMember::KafkaMember(Core& core, const KafkaSettings& settings, KafkaMemberListener& listener)
    : core_(core),
      listener_(listener),
      wake_(core),
      inbox_(std::make_shared<KafkaInbox>(wake_.signal())),
      link_(std::make_shared<KafkaLink>(settings.bootstrap_servers)),
      context_(std::make_shared<Context>()) {
  context_->signal = wake_.signal();
  context_->member = this;
}

namespace {

Result<KafkaConf> member_conf(const KafkaSettings& settings, const std::string& group) {
  return make_kafka_conf(settings,
                         {{"session.timeout.ms", "6000"},
                          {"heartbeat.interval.ms", "2000"},
                          {"queued.min.messages", "1000"},
                          {"queued.max.messages.kbytes", "8192"},
                          {"fetch.wait.max.ms", "100"},
                          {"fetch.error.backoff.ms", "100"},
                          {"reconnect.backoff.max.ms", "1000"},
                          // A topic made anew, and added partitions, are seen after that.
                          {"topic.metadata.refresh.interval.ms", "30000"}},
                         {{"group.id", group},
                          {"partition.assignment.strategy", "range,roundrobin"},
                          {"enable.auto.commit", "false"},
                          {"enable.auto.offset.store", "false"},
                          {"auto.offset.reset", "error"}});
}

}  // namespace

Result<void> KafkaMember::check(const KafkaSettings& settings) {
  SLUICE_TRY(KafkaConf conf, member_conf(settings, "check"));
  SLUICE_TRY(open_kafka(RD_KAFKA_CONSUMER, std::move(conf), nullptr));
  return boost::outcome_v2::success();
}

Result<std::unique_ptr<KafkaMember>> KafkaMember::open(Core& core, const KafkaSettings& settings,
                                                       const std::string& group,
                                                       KafkaMemberListener& listener) {
  SLUICE_TRY(KafkaConf conf, member_conf(settings, group));
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  std::unique_ptr<KafkaMember> member(new KafkaMember(core, settings, listener));
  SLUICE_TRY(member->handle_, open_kafka(RD_KAFKA_CONSUMER, std::move(conf), member->context_));
  rd_kafka_poll_set_consumer(member->handle_.get());
  return member;
}

KafkaMember::~KafkaMember() {
  if (handle_) fall_silent();
}

void KafkaMember::listen() {
  const KafkaQueue queue(rd_kafka_queue_get_consumer(handle_.get()));
  wake_.watch(*queue);
  wake_.signal()->signal();  // For what came before.
  wake();
}

void KafkaMember::wake() {
  wake_.wait([this] {
    wake();
    for (const auto& news : inbox_->take()) news();
    if (handle_) listener_.on_woken();
  });
}

Result<void> KafkaMember::subscribe(const std::vector<std::string>& topics) {
  const KafkaList list = make_kafka_list(static_cast<int>(topics.size()));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto error = rd_kafka_subscribe(handle_.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "cannot subscribe");
  return boost::outcome_v2::success();
}

KafkaRaw KafkaMember::poll() { return KafkaRaw(rd_kafka_consumer_poll(handle_.get(), 0)); }

void KafkaMember::assign(const rd_kafka_topic_partition_list_t& partitions) {
  rd_kafka_assign(handle_.get(), &partitions);
}

void KafkaMember::unassign() { rd_kafka_assign(handle_.get(), nullptr); }

// Both take a list that they write results into.
void KafkaMember::pause(const rd_kafka_topic_partition_list_t& partitions) {
  const KafkaList copy(rd_kafka_topic_partition_list_copy(&partitions));
  rd_kafka_pause_partitions(handle_.get(), copy.get());
}

void KafkaMember::resume(const rd_kafka_topic_partition_list_t& partitions) {
  const KafkaList copy(rd_kafka_topic_partition_list_copy(&partitions));
  rd_kafka_resume_partitions(handle_.get(), copy.get());
}

bool KafkaMember::commit(const rd_kafka_topic_partition_list_t& offsets) {
  const KafkaQueue queue(rd_kafka_queue_get_consumer(handle_.get()));
  return rd_kafka_commit_queue(handle_.get(), &offsets, queue.get(), on_commit, context_.get()) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

void KafkaMember::on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t what,
                               rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  KafkaMember* const member = static_cast<const Context*>(opaque)->member;
  if (member == nullptr) {
    rd_kafka_assign(client, nullptr);
  } else if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    member->listener_.on_assigned(KafkaList(rd_kafka_topic_partition_list_copy(partitions)));
  } else {
    member->listener_.on_revoked(rd_kafka_assignment_lost(client) != 0);
  }
}

void KafkaMember::on_error(rd_kafka_t*, int code, const char*, void* opaque) {
  KafkaMember* const member = static_cast<const Context*>(opaque)->member;
  if (member == nullptr || code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  member->link_->doubt(member->handle_);
}

void KafkaMember::on_commit(rd_kafka_t*, rd_kafka_resp_err_t error,
                            rd_kafka_topic_partition_list_t* offsets, void* opaque) {
  KafkaMember* const member = static_cast<const Context*>(opaque)->member;
  if (member != nullptr) member->listener_.on_committed(error, offsets);
}

void KafkaMember::fall_silent() {
  link_->close();
  wake_.close();
  context_->member = nullptr;
  const KafkaQueue queue(rd_kafka_queue_get_consumer(handle_.get()));
  KafkaWake::unwatch(*queue);
}

std::shared_ptr<Handover<bool>> KafkaMember::leave(KafkaList offsets) {
  fall_silent();
  auto done = std::make_shared<Handover<bool>>();
  const auto last = std::shared_ptr<rd_kafka_topic_partition_list_t>(std::move(offsets));
  const auto started = run_aside([done, last, client = std::move(handle_)]() mutable {
    leave_group(*client, last.get());
    client.reset();
    done->give(true);
  });
  if (!started) done->give(false);  // The session will time out.
  handle_.reset();
  return done;
}

}  // namespace sluice
