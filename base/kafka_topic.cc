#include "base/kafka_topic.h"

#include "base/side_thread.h"

#include <array>
#include <thread>

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTryFor{5'000};
constexpr milliseconds kTryEvery{1'000};
constexpr milliseconds kLookEvery{50};

struct FreeAdmin {
  void operator()(rd_kafka_NewTopic_t* topic) const noexcept { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_AdminOptions_t* options) const noexcept {
    rd_kafka_AdminOptions_destroy(options);
  }
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};

int count(milliseconds time) { return static_cast<int>(time.count()); }

/// What CreateTopics answered for the one topic it was asked for.
Result<void> judge(const rd_kafka_event_t& event, const std::string& name) {
  const std::string doing = "cannot create topic " + name;
  if (const auto error = rd_kafka_event_error(const_cast<rd_kafka_event_t*>(&event))) {
    return kafka_error(error, doing);
  }
  const auto* const result =
      rd_kafka_event_CreateTopics_result(const_cast<rd_kafka_event_t*>(&event));
  std::size_t size = 0;
  const auto* const* const topics = rd_kafka_CreateTopics_result_topics(result, &size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto error = rd_kafka_topic_result_error(topics[i]);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
      continue;
    }
    const char* const why = rd_kafka_topic_result_error_string(topics[i]);
    return kafka_error(error, doing + (why == nullptr ? "" : ": " + std::string(why)));
  }
  return boost::outcome_v2::success();
}

Result<void> create(rd_kafka_t& client, const KafkaTopicSpec& spec, milliseconds timeout) {
  std::array<char, 512> why{};
  std::unique_ptr<rd_kafka_NewTopic_t, FreeAdmin> topic(rd_kafka_NewTopic_new(
      spec.name.c_str(), spec.partitions, spec.replication, why.data(), why.size()));
  if (!topic) return fail(Errc::invalid_argument, "topic " + spec.name + ": " + why.data());
  if (spec.retention) {
    rd_kafka_NewTopic_set_config(topic.get(), "retention.ms",
                                 std::to_string(spec.retention->count()).c_str());
  }
  const std::unique_ptr<rd_kafka_AdminOptions_t, FreeAdmin> options(
      rd_kafka_AdminOptions_new(&client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), count(timeout), why.data(), why.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), count(timeout), why.data(),
                                              why.size());
  const KafkaQueue answers(rd_kafka_queue_new(&client));
  rd_kafka_NewTopic_t* one = topic.get();
  rd_kafka_CreateTopics(&client, &one, 1, options.get(), answers.get());
  const std::unique_ptr<rd_kafka_event_t, FreeAdmin> event(
      rd_kafka_queue_poll(answers.get(), count(timeout)));
  if (!event) return fail(Errc::unavailable, "cannot create topic " + spec.name + ": no answer");
  return judge(*event, spec.name);
}

/// What librdkafka said last of the brokers. Told inside poll() only, on the thread that asks.
struct BrokerNews {
  std::string last;
};

void on_broker_error(rd_kafka_t*, int code, const char* reason, void* opaque) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;  // Says nothing new.
  static_cast<BrokerNews*>(opaque)->last = reason;
}

}  // namespace

Result<int> count_kafka_partitions(rd_kafka_t& client, const std::string& topic,
                                   milliseconds timeout) {
  const std::unique_ptr<rd_kafka_topic_t, FreeKafka> handle(
      rd_kafka_topic_new(&client, topic.c_str(), nullptr));
  if (!handle) return kafka_error(rd_kafka_last_error(), "topic " + topic);
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(&client, 0, handle.get(), &raw, count(timeout));
  const KafkaMetadata metadata(raw);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "topic " + topic);
  if (metadata->topic_cnt != 1) return fail(Errc::unavailable, "topic " + topic + ": no metadata");
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return fail(Errc::not_found, "topic " + topic + " is not there");
  }
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(found.err, "topic " + topic);
  if (found.partition_cnt == 0) return fail(Errc::not_found, "topic " + topic + " is not there");
  return found.partition_cnt;
}

Result<int> ensure_kafka_topic(rd_kafka_t& client, const KafkaTopicSpec& spec,
                               milliseconds timeout) {
  auto there = count_kafka_partitions(client, spec.name, timeout);
  if (there || there.error().code != Errc::not_found) return there;
  SLUICE_TRY(create(client, spec, timeout));
  return spec.partitions;
}

Result<std::shared_ptr<KafkaTopicGate>> KafkaTopicGate::open(const KafkaSettings& settings,
                                                             KafkaTopicSpec spec) {
  SLUICE_TRY(KafkaConf conf, make_kafka_conf(settings, {{"reconnect.backoff.max.ms", "1000"}}, {}));
  // A consumer: what a producer asks about, a broker may make with partitions of its own choice.
  rd_kafka_conf_set_error_cb(conf.get(), on_broker_error);
  const auto news = std::make_shared<BrokerNews>();
  SLUICE_TRY(const KafkaHandle client, open_kafka(RD_KAFKA_CONSUMER, std::move(conf), news));
  std::shared_ptr<KafkaTopicGate> gate(
      new KafkaTopicGate(std::move(spec), settings.bootstrap_servers));
  SLUICE_TRY(run_aside([gate, client, news] { gate->run(client, news->last); }));
  return gate;
}

void KafkaTopicGate::run(const KafkaHandle& client, std::string& news) {
  bool is_first = true;
  while (!closed_) {
    news.clear();
    const auto made = ensure_kafka_topic(*client, spec_, kTryFor);
    while (rd_kafka_poll(client.get(), 0) > 0) {
    }
    std::string trouble = made ? std::string() : made.error().detail;
    if (!made && made.error().code == Errc::unavailable) {
      trouble += " (brokers " + servers_ + (news.empty() ? "" : ": " + news) + ")";
    }
    {
      const std::lock_guard lock(mutex_);
      trouble_ = std::move(trouble);
    }
    open_.store(made.has_value(), std::memory_order_release);
    if (is_first) first_try_.give(made.has_value());
    is_first = false;
    if (made) return;
    for (milliseconds waited{}; waited < kTryEvery && !closed_; waited += kLookEvery) {
      std::this_thread::sleep_for(kLookEvery);
    }
  }
}

std::string KafkaTopicGate::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Task<void> KafkaTopicGate::wait(Core& core, Deadline deadline) {
  if (is_open()) co_return boost::outcome_v2::success();
  const auto tried = co_await first_try_.wait(core, deadline);
  if (is_open()) co_return boost::outcome_v2::success();
  if (!tried)
    co_return fail(Errc::unavailable,
                   "topic " + spec_.name + ": no broker of " + servers_ + " answers");
  co_return fail(Errc::unavailable, trouble());
}

}  // namespace sluice
