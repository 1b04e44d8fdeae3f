// RedisChannel: events are the entries of one Redis stream, sluice:NS:NAME, and every consumer is a
// consumer group of it. 202 means "XADD answered"; what that is worth when Redis dies is Redis's
// own setting, appendfsync. Several processes with the same manifests share the groups.
//
//   address         redis://[user:password@]host[:port][/db]
//   maxLength       entries not settled by every group, from the oldest on; past it append()
//                   answers resource_exhausted, and nothing is lost. Default: capacity_events
//   sessionTimeout  after how long another process takes over what a dead one held. Default PT10S
//
// Only what all groups have settled is trimmed. A group that is not there is made at the end of the
// stream; one that vanished together with its stream, at the start of the new one.

#include "base/on_core.h"
#include "base/redis_clients.h"
#include "base/uuid.h"
#include "channels/channel.h"
#include "channels/redis_entries.h"
#include "channels/redis_consumer.h"
#include "channels/redis_room.h"
#include "channels/redis_settings.h"
#include "event/event_redis.h"

#include <algorithm>
#include <array>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An append is given up after this, whatever its caller's deadline: 503 and the producer's retry
// are better than a request that hangs.
constexpr std::chrono::seconds kAppendPatience{5};

/// A consumer's reader, which the channel keeps until it is closed.
struct Member {
  explicit Member(std::shared_ptr<RedisStreamReader> its)
      : reader(std::move(its)), leaving(reader->core()) {}
  std::shared_ptr<RedisStreamReader> reader;
  TaskGroup leaving;  // The close() of one whose consumer has gone before the channel.
};

Awaitable<void> close_reader(RedisStreamReader& reader) { co_await reader.close(); }

Awaitable<void> close_member(Member& member) {
  co_await member.reader->close();
  co_await member.leaving.join();
}

Awaitable<void> close_room(RedisRoom& room) { co_await room.close(); }

/// What the channel and its consumers share.
struct Shared {
  explicit Shared(RedisChannelSettings its)
      : settings(std::move(its)),
        clients(settings.address, RedisClient::Kind::standing),
        room(std::make_shared<RedisRoom>(settings.stream, settings.capacity)) {}

  const RedisChannelSettings settings;
  RedisClients clients;
  std::shared_ptr<RedisRoom> room;
  std::atomic<bool> closed{false};
  std::atomic<bool> prepared{false};  // Every position is there, and the room is known.
  std::mutex mutex;                   // Guards what follows.
  bool started = false;
  std::unordered_set<std::string> names;
  std::vector<std::unique_ptr<Member>> members;
  std::vector<std::shared_ptr<Handover<bool>>> unopened;

  /// Under the mutex.
  void start_on(Core& core) {
    if (std::exchange(started, true)) return;
    if (RedisClient* const client = clients.at(core)) room->start(*client);
  }
};

// A claim, which its holder may ask for again when it has not heard the answer to the first time.
constexpr std::string_view kClaim =
    "if redis.call('SET',KEYS[1],ARGV[1],'NX','PX',ARGV[2]) then return 1 end "
    "if redis.call('GET',KEYS[1])==ARGV[1] then return 1 end return 0";

class RedisChannel final : public Channel {
 public:
  explicit RedisChannel(RedisChannelSettings settings)
      : shared_(std::make_shared<Shared>(std::move(settings))) {}

  Task<void> append(EventPtr event, Deadline deadline) override {
    RedisClient* const client = shared_->closed ? nullptr : shared_->clients.here();
    if (client == nullptr) co_return closed();
    const Deadline patience = patience_of(deadline);
    if (!has_taken_room(*client, 1)) {
      SLUICE_CO_TRY(co_await take_room(*client, 1, patience));
    }
    const EventRecord record = record_of(*event);
    RedisWords words = {"XADD", shared_->settings.stream, "*"};
    append_entry_fields(record, words);
    const auto reply = co_await client->command(words, patience);
    shared_->room->ended(1, bool(reply));
    if (!reply) co_return given_up(reply.error(), patience < deadline);
    co_return boost::outcome_v2::success();
  }

  Task<void> append_all(std::vector<EventPtr> events, Deadline deadline) override {
    RedisClient* const client = shared_->closed ? nullptr : shared_->clients.here();
    if (client == nullptr) co_return closed();
    if (!has_taken_room(*client, events.size())) {
      SLUICE_CO_TRY(co_await take_room(*client, events.size(), patience_of(deadline)));
    }
    for (std::span<const EventPtr> rest = events; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), RedisEntries::kMostEvents));
      const Deadline patience = patience_of(deadline);
      const RedisEntries entries(shared_->settings.stream, some);
      const auto reply = co_await client->command(entries.words(), patience);
      shared_->room->ended(reply ? some.size() : rest.size(), bool(reply));
      if (!reply) {
        Error error = given_up(reply.error(), patience < deadline);
        // Of what is refused for want of room, nothing is there.
        const bool is_begun = rest.size() < events.size();
        if (is_begun && error.code == Errc::resource_exhausted) error.code = Errc::unavailable;
        co_return error;
      }
      rest = rest.subspan(some.size());
    }
    co_return boost::outcome_v2::success();
  }

  Result<std::unique_ptr<Consumer>> open_consumer(ConsumerOptions options) override;

  ChannelStatus status() const override {
    ChannelStatus status;
    status.durable = true;
    status.depth = shared_->room->depth();
    status.trouble = shared_->clients.trouble();
    if (status.trouble.empty()) status.trouble = shared_->room->trouble();
    const std::lock_guard lock(shared_->mutex);
    for (const auto& member : shared_->members) {
      if (status.trouble.empty()) status.trouble = member->reader->trouble();
    }
    return status;
  }

  Task<bool> claim(const Claim& what, Deadline deadline) override {
    RedisClient* const client = shared_->closed ? nullptr : shared_->clients.here();
    if (client == nullptr) co_return closed();
    const std::string key = "sluice:claim:" + what.name + ":" + what.occasion;
    const std::string held = std::to_string(std::max(what.held, milliseconds(1)).count());
    const std::array<std::string_view, 6> words = {"EVAL", kClaim, "1", key, claimant_, held};
    const auto reply = co_await client->command(words, deadline);
    if (!reply) co_return reply.error();
    co_return reply.value().value().integer() == 1;
  }

  Awaitable<void> close() override {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->closed = true;  // From here on nobody adds a member.
    }
    for (const auto& member : shared_->members) {
      co_await on_core(member->reader->core(), close_member(*member));
    }
    Core* const core = shared_->room->core();
    if (core != nullptr) co_await on_core(*core, close_room(*shared_->room));
    co_await shared_->clients.close();
  }

 private:
  static Error closed() { return fail(Errc::cancelled, "the channel is closed"); }

  static Deadline patience_of(Deadline deadline) {
    return std::min(deadline, steady_clock::now() + kAppendPatience);
  }

  static Error given_up(Error error, bool before_deadline) {
    if (error.code == Errc::deadline_exceeded && before_deadline) error.code = Errc::unavailable;
    return error;
  }

  /// The room for so many events, where it takes no waiting.
  bool has_taken_room(const RedisClient& client, std::size_t events) {
    return shared_->prepared && client.unsent() <= RedisClient::kMostUnsent &&
           shared_->room->take(events);
  }

  /// The same with what may have to be waited for.
  Task<void> take_room(RedisClient& client, std::size_t events, Deadline deadline) {
    if (!shared_->prepared) {
      SLUICE_CO_TRY(co_await prepare(client, deadline));
    }
    if (client.unsent() > RedisClient::kMostUnsent) {
      co_return fail(Errc::resource_exhausted, "Redis takes less than is sent to it");
    }
    if (!shared_->room->take(events)) {
      SLUICE_CO_TRY(co_await shared_->room->make_and_take(client, events, deadline));
    }
    co_return boost::outcome_v2::success();
  }

  Task<void> prepare(RedisClient& client, Deadline deadline);

  std::shared_ptr<Shared> shared_;
  const std::string claimant_ = new_uuid();  // Who claims: this process, for this channel.
};

Result<std::unique_ptr<Consumer>> RedisChannel::open_consumer(ConsumerOptions options) {
  SLUICE_ASSERT(options.core != nullptr);
  Shared& shared = *shared_;
  const std::lock_guard lock(shared.mutex);
  RedisClient* const client = shared.closed ? nullptr : shared.clients.at(*options.core);
  if (client == nullptr) return closed();
  if (!shared.names.insert(options.name).second) {
    return fail(Errc::invalid_argument, "consumer '" + options.name + "' is already open");
  }
  shared.start_on(*options.core);
  shared.room->know(options.name);
  const auto deliveries = std::make_shared<RedisDeliveries>();
  RedisReaderOptions reading;
  reading.stream = shared.settings.stream;
  reading.group = options.name;
  reading.read_ahead = options.read_ahead;
  reading.session_timeout = shared.settings.session_timeout;
  reading.ordered = options.ordered;
  reading.on_arrival = [weak = std::weak_ptr(deliveries)] {
    if (const auto alive = weak.lock()) alive->arrived();
  };
  reading.on_settled = [room = shared.room] { room->settled(); };
  auto reader =
      std::make_shared<RedisStreamReader>(shared.settings.address, *client, std::move(reading));
  deliveries->read_from(reader);
  shared.prepared = false;
  shared.unopened.push_back(reader->opened());
  shared.members.push_back(std::make_unique<Member>(std::move(reader)));
  Member& member = *shared.members.back();
  member.reader->start();
  return make_redis_consumer(deliveries, shared.settings.stream, std::move(options.filter),
                             [its = shared_, name = options.name, &member] {
                               const std::lock_guard held(its->mutex);
                               its->names.erase(name);
                               if (!its->closed) member.leaving.spawn(close_reader(*member.reader));
                             });
}

/// Before the first append, and the first after a consumer was opened: what is appended must reach
/// every position that was opened before.
Task<void> RedisChannel::prepare(RedisClient& client, Deadline deadline) {
  Shared& shared = *shared_;
  std::vector<std::shared_ptr<Handover<bool>>> waited;
  {
    const std::lock_guard lock(shared.mutex);
    if (shared.closed) co_return closed();
    shared.start_on(client.core());
    waited = shared.unopened;
  }
  const auto looked = co_await shared.room->refresh(client, deadline);
  if (!looked) co_return looked.error();
  for (const auto& opening : waited) {
    const auto opened = co_await opening->wait(client.core(), deadline);
    if (shared.closed) co_return closed();
    if (!opened) co_return fail(Errc::unavailable, "a consumer's group is not made yet");
  }
  const std::lock_guard lock(shared.mutex);
  std::erase_if(shared.unopened,
                [&](const auto& one) { return std::ranges::find(waited, one) != waited.end(); });
  shared.prepared = shared.unopened.empty();
  co_return boost::outcome_v2::success();
}

}  // namespace

Result<std::unique_ptr<Channel>> make_redis_channel(const ChannelSpec& spec) {
  SLUICE_TRY(auto settings, read_redis_channel_settings(spec));
  return std::make_unique<RedisChannel>(std::move(settings));
}

}  // namespace sluice
