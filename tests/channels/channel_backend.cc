// The backends of the contract suite; no test of its own.

#include "tests/channels/channel_backend.h"

namespace sluice {

Result<ChannelBackendPtr> start_kafka_backend();  // kafka_backend.cc

namespace {

class InProcess final : public ChannelBackend {
 public:
  ChannelSpec spec(const std::string& name) const override {
    ChannelSpec spec;
    spec.kind = "InMemoryChannel";
    spec.name = name;
    return spec;
  }
};

}  // namespace

Result<ChannelBackendPtr> start_channel_backend(std::string_view kind) {
  if (kind == "InMemoryChannel") return std::make_unique<InProcess>();
#if SLUICE_HAS_KAFKA
  if (kind == "KafkaChannel") return start_kafka_backend();
#endif
  return fail(Errc::unavailable, "no backend for " + std::string(kind));
}

}  // namespace sluice
