// The backend of the contract suite for KafkaChannel: the mock cluster, or a real broker where the
// environment names one (tests/support/kafka_mock.h).

#include "tests/channels/channel_backend.h"
#include "tests/support/kafka_mock.h"

namespace sluice {
namespace {

class KafkaBackend final : public ChannelBackend {
 public:
  ChannelSpec spec(const std::string& name) const override {
    ChannelSpec spec;
    spec.kind = "KafkaChannel";
    spec.ns = ns_;
    spec.name = name;
    spec.spec = {{"bootstrapServers", cluster_->servers()},
                 {"properties", quick_kafka_properties()}};
    // The mock cluster cannot be asked to make a topic.
    cluster_->create_topic("knative-messaging-kafka." + ns_ + "." + name, 1);
    return spec;
  }

 private:
  const std::unique_ptr<KafkaTestCluster> cluster_ = kafka_test_cluster();
  const std::string ns_ = unique_kafka_name("test");
};

}  // namespace

Result<ChannelBackendPtr> start_kafka_backend() { return std::make_unique<KafkaBackend>(); }

}  // namespace sluice
