// The stream commands of Redis 6.2 and later, and what their answers look like (redis.io/commands).

#include "base/redis_group.h"

#include <array>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Words = std::vector<std::string_view>;

// Of commands that nobody waits for with a deadline of his own.
constexpr std::chrono::seconds kPatience{5};

constexpr std::string_view kRemoveMembers =
    "local n=0 "
    "for _,c in ipairs(redis.call('XINFO','CONSUMERS',KEYS[1],ARGV[1])) do "
    "local f={} for i=1,#c,2 do f[c[i]]=c[i+1] end "
    "if f.pending==0 and f.idle>=tonumber(ARGV[2]) and (ARGV[3]=='' or ARGV[3]==f.name) then "
    "redis.call('XGROUP','DELCONSUMER',KEYS[1],ARGV[1],f.name) n=n+1 end end return n";

Deadline patience() { return steady_clock::now() + kPatience; }

/// An array of [id, fields]; an entry that is gone has nil for its fields, or is nil itself.
void read_entries(RedisValue list, const std::shared_ptr<const RedisReply>& reply,
                  RedisBatch& batch) {
  batch.entries.reserve(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto id = parse_redis_entry_id(list[i][0].text());
    if (!id) continue;
    batch.cursor = *id;
    if (list[i][1].is_nil()) {
      batch.gone.push_back(*id);
    } else {
      batch.entries.push_back(RedisEntry{*id, list[i][1], 1, reply});
    }
  }
}

/// The ids as words; `texts` holds them.
void add_ids(std::span<const RedisEntryId> ids, std::vector<std::string>& texts, Words& words) {
  texts.reserve(ids.size());
  words.reserve(words.size() + ids.size() + 4);
  for (const RedisEntryId& id : ids) words.push_back(texts.emplace_back(to_string(id)));
}

Task<void> carry_out(RedisClient& client, Words words, Deadline deadline) {
  const auto reply = co_await client.command(words, deadline);
  if (!reply) co_return reply.error();
  co_return boost::outcome_v2::success();
}

}  // namespace

RedisGroup::RedisGroup(std::string stream, std::string group, std::string consumer)
    : stream_(std::move(stream)), group_(std::move(group)), consumer_(std::move(consumer)) {}

Task<void> RedisGroup::create(RedisClient& client, std::string_view from, Deadline deadline) const {
  const std::array<std::string_view, 6> words = {"XGROUP", "CREATE", stream_,
                                                 group_,   from,     "MKSTREAM"};
  const auto reply = co_await client.command(words, deadline);
  if (!reply && !is_redis_error(reply.error(), "BUSYGROUP")) co_return reply.error();
  co_return boost::outcome_v2::success();
}

Task<RedisBatch> RedisGroup::read(RedisClient& client, std::span<const std::string_view> words,
                                  Deadline deadline) const {
  auto answer = co_await client.command(words, deadline);
  if (!answer) co_return answer.error();
  const auto reply = std::make_shared<const RedisReply>(std::move(answer).value());
  RedisBatch batch;
  const RedisValue list = reply->value()[0][1];  // Of the one stream that was asked for.
  batch.finished = list.size() == 0;
  read_entries(list, reply, batch);
  co_return batch;
}

Task<RedisBatch> RedisGroup::read_new(RedisClient& client, std::size_t count, milliseconds block,
                                      Deadline deadline) const {
  const std::string count_text = std::to_string(count);
  const std::string block_text = std::to_string(block.count());
  const std::array<std::string_view, 11> words = {"XREADGROUP", "GROUP",    group_,  consumer_,
                                                  "COUNT",      count_text, "BLOCK", block_text,
                                                  "STREAMS",    stream_,    ">"};
  co_return co_await read(client, words, deadline);
}

Task<RedisBatch> RedisGroup::read_own(RedisClient& client, const RedisEntryId& after,
                                      std::size_t count, Deadline deadline) const {
  const std::string count_text = std::to_string(count);
  const std::string after_text = to_string(after);
  const std::array<std::string_view, 9> words = {"XREADGROUP", "GROUP", group_,
                                                 consumer_,    "COUNT", count_text,
                                                 "STREAMS",    stream_, after_text};
  co_return co_await read(client, words, deadline);
}

Task<RedisBatch> RedisGroup::claim(RedisClient& client, const RedisEntryId& from, std::size_t count,
                                   milliseconds idle) const {
  const std::string idle_text = std::to_string(idle.count());
  const std::string from_text = to_string(from);
  const std::string count_text = std::to_string(count);
  const std::array<std::string_view, 8> words = {"XAUTOCLAIM", stream_,   group_,  consumer_,
                                                 idle_text,    from_text, "COUNT", count_text};
  auto answer = co_await client.command(words, kNever);  // It may be large.
  if (!answer) co_return answer.error();
  const auto reply = std::make_shared<const RedisReply>(std::move(answer).value());
  RedisBatch batch;
  read_entries(reply->value()[1], reply, batch);
  const RedisValue gone = reply->value()[2];  // Redis 7: already off the list of what is owed.
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (const auto id = parse_redis_entry_id(gone[i].text())) batch.gone.push_back(*id);
  }
  batch.cursor = parse_redis_entry_id(reply->value()[0].text()).value_or(RedisEntryId());
  batch.finished = batch.cursor == RedisEntryId();
  co_return batch;
}

Task<std::vector<RedisPending>> RedisGroup::pending(RedisClient& client, const RedisEntryId& first,
                                                    const RedisEntryId& last, std::size_t count,
                                                    Whose whose) const {
  const std::string first_text = to_string(first);
  const std::string last_text = to_string(last);
  const std::string count_text = std::to_string(count);
  Words words = {"XPENDING", stream_, group_, first_text, last_text, count_text};
  if (whose == Whose::mine) words.push_back(consumer_);
  const auto reply = co_await client.command(words, patience());
  if (!reply) co_return reply.error();
  std::vector<RedisPending> found;
  const RedisValue list = reply.value().value();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto id = parse_redis_entry_id(list[i][0].text());
    if (!id) continue;
    const auto deliveries = static_cast<std::uint32_t>(list[i][3].integer());
    found.push_back(RedisPending{*id, std::string(list[i][1].text()), deliveries});
  }
  co_return found;
}

Task<void> RedisGroup::ack(RedisClient& client, std::span<const RedisEntryId> ids,
                           Deadline deadline) const {
  std::vector<std::string> texts;
  Words words = {"XACK", stream_, group_};
  add_ids(ids, texts, words);
  co_return co_await carry_out(client, std::move(words), deadline);
}

Task<void> RedisGroup::keep(RedisClient& client, std::span<const RedisEntryId> ids,
                            milliseconds idle) const {
  const std::string idle_text = std::to_string(idle.count());
  std::vector<std::string> texts;
  Words words = {"XCLAIM", stream_, group_, consumer_, "0"};
  add_ids(ids, texts, words);
  words.insert(words.end(), {"IDLE", idle_text, "JUSTID"});
  co_return co_await carry_out(client, std::move(words), patience());
}

Task<void> RedisGroup::remove_members(RedisClient& client, milliseconds idle,
                                      std::string_view only) const {
  const std::string idle_text = std::to_string(idle.count());
  Words words = {"EVAL", kRemoveMembers, "1", stream_, group_, idle_text, only};
  co_return co_await carry_out(client, std::move(words), patience());
}

}  // namespace sluice
