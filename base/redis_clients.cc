// One client per core, found under a mutex that is held for a few instructions.

#include "base/redis_clients.h"

#include "base/assert.h"
#include "base/on_core.h"

namespace sluice {
namespace {

Awaitable<void> close_one(RedisClient& client) { co_await client.close(); }

}  // namespace

RedisClients::RedisClients(RedisAddress address, RedisClient::Kind kind)
    : address_(std::move(address)), kind_(kind) {}

RedisClient* RedisClients::here() {
  Core* const core = Core::current();
  SLUICE_ASSERT(core != nullptr);
  return at(*core);
}

RedisClient* RedisClients::at(Core& core) {
  const std::lock_guard lock(mutex_);
  if (closed_) return nullptr;
  for (const auto& client : clients_) {
    if (&client->core() == &core) return client.get();
  }
  clients_.push_back(std::make_unique<RedisClient>(core, address_, kind_));
  clients_.back()->start();
  return clients_.back().get();
}

std::string RedisClients::trouble() const {
  const std::lock_guard lock(mutex_);
  for (const auto& client : clients_) {
    std::string trouble = client->trouble();
    if (!trouble.empty()) return trouble;
  }
  return {};
}

Awaitable<void> RedisClients::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;  // From here on nobody adds to clients_.
  }
  for (const auto& client : clients_) co_await on_core(client->core(), close_one(*client));
}

}  // namespace sluice
