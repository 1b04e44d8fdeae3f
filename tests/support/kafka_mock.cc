#include "tests/support/kafka_mock.h"

#include "base/kafka_handle.h"
#include "base/kafka_topic.h"
#include "base/uuid.h"

#include <gtest/gtest.h>

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

KafkaSettings KafkaTestCluster::settings() const { return {servers(), quick_kafka_properties()}; }

std::unique_ptr<KafkaTestCluster> kafka_test_cluster(int brokers) {
  const char* const real = std::getenv("SLUICE_TEST_KAFKA");
  if (real != nullptr && *real != '\0') return std::make_unique<RealCluster>(real);
  return std::make_unique<MockCluster>(brokers);
}

std::string unique_kafka_name(const std::string& stem) { return stem + "-" + new_uuid(); }

}  // namespace sluice
