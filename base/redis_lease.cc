// Two small scripts: one takes the lease or prolongs what is ours and says which, one gives up only
// what is ours (Redis's own advice for locks on one server).

#include "base/redis_lease.h"

#include "base/uuid.h"

#include <array>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kTakeOrRenew =
    "if redis.call('GET',KEYS[1])==ARGV[1] then redis.call('PEXPIRE',KEYS[1],ARGV[2]) return 1 end "
    "if redis.call('SET',KEYS[1],ARGV[1],'NX','PX',ARGV[2]) then return 2 end return 0";
constexpr std::string_view kRelease =
    "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0";

}  // namespace

RedisLease::RedisLease(RedisClient& client, std::string key, milliseconds held)
    : client_(client),
      key_(std::move(key)),
      held_ms_(std::to_string(held.count())),
      held_(held),
      token_(new_uuid()) {}

Task<bool> RedisLease::take_or_renew(Deadline deadline) {
  const Deadline asked = steady_clock::now();
  const std::array<std::string_view, 6> words = {"EVAL", kTakeOrRenew, "1", key_, token_, held_ms_};
  const auto reply = co_await client_.command(words, deadline);
  if (!reply) co_return reply.error();
  const auto answer = reply.value().value().integer();
  const bool ours = answer == 1 || answer == 2;
  if (answer == 2) ++terms_;
  until_ = ours ? asked + held_ : Deadline();
  co_return ours;
}

Awaitable<void> RedisLease::release(Deadline deadline) {
  if (!is_held()) co_return;
  until_ = Deadline();
  const std::array<std::string_view, 5> words = {"EVAL", kRelease, "1", key_, token_};
  // Not told, it expires by itself.
  static_cast<void>(co_await client_.command(words, deadline));
}

bool RedisLease::is_held() const noexcept { return steady_clock::now() < until_; }

milliseconds RedisLease::left() const noexcept {
  return std::chrono::duration_cast<milliseconds>(until_ - steady_clock::now());
}

}  // namespace sluice
