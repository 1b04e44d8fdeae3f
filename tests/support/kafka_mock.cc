#include "tests/support/kafka_mock.h"

#include "base/kafka_handle.h"
#include "base/kafka_topic.h"
#include "base/uuid.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace sluice {
namespace {

struct EndClient {
  void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};
struct EndCluster {
  void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept {
    rd_kafka_mock_cluster_destroy(cluster);
  }
};
using Client = std::unique_ptr<rd_kafka_t, EndClient>;

Client make_client(const KafkaSettings& settings) {
  auto conf = make_kafka_conf(settings, {}, {});
  EXPECT_TRUE(conf) << conf.error().detail;
  return Client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.value().release(), nullptr, 0));
}

class MockCluster final : public KafkaTestCluster {
 public:
  explicit MockCluster(int brokers)
      : brokers_(brokers),
        client_(make_client({"127.0.0.1:1", {}})),
        cluster_(rd_kafka_mock_cluster_new(client_.get(), brokers)) {}

  bool is_real() const noexcept override { return false; }
  std::string servers() const override { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }

  void create_topic(const std::string& name, int partitions) override {
    rd_kafka_mock_topic_create(cluster_.get(), name.c_str(), partitions, 1);
  }

  void set_up(bool up) override {
    for (int i = 1; i <= brokers_; ++i) {
      up ? rd_kafka_mock_broker_set_up(cluster_.get(), i)
         : rd_kafka_mock_broker_set_down(cluster_.get(), i);
    }
  }

  void set_rtt_ms(int ms) override {
    for (int i = 1; i <= brokers_; ++i) rd_kafka_mock_broker_set_rtt(cluster_.get(), i, ms);
  }

  void set_topic_error(const std::string& topic, rd_kafka_resp_err_t error) override {
    rd_kafka_mock_topic_set_error(cluster_.get(), topic.c_str(), error);
  }

  void fail_next(KafkaRequest request, std::initializer_list<rd_kafka_resp_err_t> with) override {
    rd_kafka_mock_push_request_errors_array(cluster_.get(), static_cast<std::int16_t>(request),
                                            with.size(), with.begin());
  }

 private:
  const int brokers_;
  Client client_;
  std::unique_ptr<rd_kafka_mock_cluster_t, EndCluster> cluster_;
};

class RealCluster final : public KafkaTestCluster {
 public:
  explicit RealCluster(std::string servers)
      : servers_(std::move(servers)), client_(make_client({servers_, {}})) {}

  bool is_real() const noexcept override { return true; }
  std::string servers() const override { return servers_; }

  void create_topic(const std::string& name, int partitions) override {
    KafkaTopicSpec spec;
    spec.name = name;
    spec.partitions = partitions;
    const auto made = ensure_kafka_topic(*client_, spec, std::chrono::seconds(10));
    EXPECT_TRUE(made) << made.error().detail;
  }

  void set_up(bool) override { FAIL() << "not on a real broker"; }
  void set_rtt_ms(int) override { FAIL() << "not on a real broker"; }
  void set_topic_error(const std::string&, rd_kafka_resp_err_t) override {
    FAIL() << "not on a real broker";
  }
  void fail_next(KafkaRequest, std::initializer_list<rd_kafka_resp_err_t>) override {
    FAIL() << "not on a real broker";
  }

 private:
  const std::string servers_;
  Client client_;
};

}  // namespace

std::map<std::string, std::string> quick_kafka_properties() {
  return {{"reconnect.backoff.ms", "10"},
          {"reconnect.backoff.max.ms", "50"},
          {"retry.backoff.ms", "10"},
          {"topic.metadata.refresh.fast.interval.ms", "20"}};
}

void KafkaTestCluster::write(const std::string& topic, const KafkaTestRecord& record) {
  if (!writer_) writer_ = make_client(settings());
  rd_kafka_t* const client = writer_.get();
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(4);
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  const std::string key = record.key.value_or("");
  const std::string value = record.value.value_or("");
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
  parts[1].u.i32 = record.partition;
  parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[2].u.i = RD_KAFKA_MSG_F_COPY;
  parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[3].u.headers = headers;
  parts[4].vtype = RD_KAFKA_VTYPE_KEY;
  parts[4].u.mem = {record.key ? const_cast<char*>(key.data()) : nullptr, key.size()};
  parts[5].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[5].u.mem = {record.value ? const_cast<char*>(value.data()) : nullptr, value.size()};
  const KafkaError refused(rd_kafka_produceva(client, parts.data(), parts.size()));
  ASSERT_FALSE(refused) << rd_kafka_error_string(refused.get());
  ASSERT_EQ(rd_kafka_flush(client, 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
}

std::vector<KafkaTestRecord> KafkaTestCluster::read(const std::string& topic, int partitions,
                                                    std::size_t count) {
  auto conf = make_kafka_conf(settings(), {}, {{"group.id", "foreign"}});
  const Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf.value().release(), nullptr, 0));
  const KafkaList list = make_kafka_list(partitions);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i)->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client.get(), list.get());
  std::vector<KafkaTestRecord> records;
  while (records.size() < count) {
    const KafkaRaw raw(rd_kafka_consumer_poll(client.get(), 1000));
    if (!raw || raw->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    KafkaTestRecord record;
    record.partition = raw->partition;
    if (raw->key) record.key.emplace(static_cast<const char*>(raw->key), raw->key_len);
    if (raw->payload) record.value.emplace(static_cast<const char*>(raw->payload), raw->len);
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_headers(raw.get(), &headers);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         headers != nullptr && rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0;
         ++i) {
      record.headers[name] = std::string(static_cast<const char*>(value), size);
    }
    records.push_back(std::move(record));
  }
  rd_kafka_consumer_close(client.get());
  return records;
}

KafkaSettings KafkaTestCluster::settings() const { return {servers(), quick_kafka_properties()}; }

std::unique_ptr<KafkaTestCluster> kafka_test_cluster(int brokers) {
  const char* const real = std::getenv("SLUICE_TEST_KAFKA");
  if (real != nullptr && *real != '\0') return std::make_unique<RealCluster>(real);
  return std::make_unique<MockCluster>(brokers);
}

std::string unique_kafka_name(const std::string& stem) { return stem + "-" + new_uuid(); }

}  // namespace sluice
