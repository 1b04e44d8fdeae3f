// The backends of the contract suite; no test of its own.

#include "tests/channels/channel_backend.h"

#if SLUICE_HAS_REDIS
#include "tests/support/redis_server.h"
#endif

namespace sluice {
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

#if SLUICE_HAS_REDIS
class OnRedis final : public ChannelBackend {
 public:
  explicit OnRedis(std::unique_ptr<RedisServer> server) : server_(std::move(server)) {}

  ChannelSpec spec(const std::string& name) const override {
    ChannelSpec spec;
    spec.kind = "RedisChannel";
    spec.name = name;
    spec.spec = {{"address", server_->address()}, {"sessionTimeout", "PT1S"}};
    return spec;
  }

 private:
  std::unique_ptr<RedisServer> server_;
};
#endif

}  // namespace

Result<ChannelBackendPtr> start_channel_backend(std::string_view kind) {
  if (kind == "InMemoryChannel") return std::make_unique<InProcess>();
#if SLUICE_HAS_REDIS
  if (kind == "RedisChannel") {
    auto server = RedisServer::start();
    if (!server) return server.error();
    return std::make_unique<OnRedis>(std::move(server).value());
  }
#endif
  return fail(Errc::unavailable, "no backend for " + std::string(kind));
}

}  // namespace sluice
