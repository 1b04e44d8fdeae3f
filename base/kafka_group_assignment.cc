// The other half of base/kafka_group_reader.h: joining the group, what it assigns and takes away,
// and what is committed.

#include "base/kafka_group_reader.h"
#include "base/kafka_topic.h"
#include "base/side_thread.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kAskFor{5'000};
constexpr milliseconds kAskEvery{200};
constexpr milliseconds kSettleWithin{3'000};
constexpr milliseconds kCommitWithin{2'000};

/// The committed offsets with the ends of their logs.
std::vector<KafkaBacklog> backlog_of(rd_kafka_t& client,
                                     const rd_kafka_topic_partition_list_t& committed) {
  std::vector<KafkaBacklog> backlog;
  for (int i = 0; i < committed.cnt; ++i) {
    const rd_kafka_topic_partition_t& one = committed.elems[i];
    std::int64_t low = 0;
    std::int64_t high = 0;
    rd_kafka_query_watermark_offsets(&client, one.topic, one.partition, &low, &high,
                                     static_cast<int>(kAskFor.count()));
    backlog.push_back({one.topic, one.partition, one.offset, std::max(one.offset, high)});
  }
  return backlog;
}

bool has_all(const rd_kafka_topic_partition_list_t& list) {
  return std::all_of(list.elems, list.elems + list.cnt,
                     [](const rd_kafka_topic_partition_t& one) { return one.offset >= 0; });
}

}  // namespace

/// Beside the cores: waits for the topics, lets the reader join, and waits until the group has its
/// positions. librdkafka looks for a topic that is not there only each five minutes.
void KafkaGroupReader::prepare(const std::shared_ptr<State>& state,
                               const KafkaReaderOptions& options,
                               const std::shared_ptr<KafkaInbox>& inbox,
                               const std::weak_ptr<KafkaGroupReader>& reader) {
  const auto client = [&] {
    const std::lock_guard lock(state->mutex);
    return state->client;
  };
  for (auto topic = options.name.topics.begin(); topic != options.name.topics.end();) {
    const KafkaHandle handle = client();
    if (!handle || state->is_closed) break;
    const auto there = count_kafka_partitions(*handle, *topic, kAskFor);
    if (there) {
      ++topic;
      continue;
    }
    {
      const std::lock_guard lock(state->mutex);
      state->trouble = there.error().detail;
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  inbox->post([reader] {
    const auto self = reader.lock();
    if (!self || self->phase_ == Phase::closed) return;
    const auto subscribed = self->member_->subscribe(self->options_.name.topics);
    self->set_trouble(subscribed ? "has not joined its group yet" : subscribed.error().detail);
  });
  while (!state->is_closed) {
    const KafkaHandle handle = client();
    if (!handle) break;
    const auto committed = committed_kafka_offsets(*handle, options.name.topics);
    if (committed && has_all(*committed.value())) {
      auto backlog = backlog_of(*handle, *committed.value());
      const std::lock_guard lock(state->mutex);
      if (state->partitions.empty() && !state->is_closed) state->first = std::move(backlog);
      state->is_positioned = true;
      break;
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  state->positioned.give(state->is_positioned);
}

void KafkaGroupReader::on_assigned(KafkaList partitions) {
  if (partitions->cnt > 0) return find_starts(std::move(partitions));
  member_->assign(*partitions);
  set_partitions({});
  phase_ = Phase::reading;
  set_trouble({});
}

void KafkaGroupReader::find_starts(KafkaList partitions) {
  phase_ = Phase::starting;
  const std::uint64_t epoch = ++state_->epoch;
  using Shared = std::shared_ptr<rd_kafka_topic_partition_list_t>;
  KafkaGroupName asked = options_.name;
  // The group had a position everywhere: one that is not there any more was of a topic that has
  // been made anew since, and all that this has is the group's.
  if (state_->is_positioned) asked.initial = KafkaInitial::beginning;
  const auto work = [state = state_, epoch, name = std::move(asked), client = member_->handle(),
                     assigned = Shared(std::move(partitions)), inbox = member_->inbox(),
                     reader = weak_from_this()] {
    while (!state->is_closed && state->epoch == epoch) {
      auto found = find_kafka_starts(*client, name, *assigned);
      if (found) {
        inbox->post([reader, epoch, starts = Shared(std::move(found).value())] {
          if (const auto self = reader.lock()) self->begin(epoch, *starts);
        });
        return;
      }
      inbox->post([reader, epoch, why = found.error().detail] {
        const auto self = reader.lock();
        const bool still = self && self->phase_ == Phase::starting && self->state_->epoch == epoch;
        if (still) self->set_trouble(why);
      });
      std::this_thread::sleep_for(kAskEvery);
    }
  };
  const auto started = run_aside(work);
  if (!started) set_trouble(started.error().detail);
}

void KafkaGroupReader::begin(std::uint64_t epoch, const rd_kafka_topic_partition_list_t& starts) {
  if (phase_ != Phase::starting || epoch != state_->epoch) return;
  Partitions partitions;
  for (int i = 0; i < starts.cnt; ++i) {
    const rd_kafka_topic_partition_t& one = starts.elems[i];
    partitions.push_back(
        std::make_shared<KafkaPartition>(one.topic, one.partition, one.offset, kafka_note(one)));
  }
  set_partitions(std::move(partitions));
  phase_ = Phase::reading;
  is_paused_ = false;
  last_take_ = steady_clock::now();
  set_trouble({});
  member_->resume(starts);  // librdkafka keeps a pause across assignments.
  member_->assign(starts);
}

void KafkaGroupReader::on_revoked(bool lost) {
  if (lost || partitions_.empty()) {
    for (const auto& partition : partitions_) partition->lose();
    return unassign();
  }
  phase_ = Phase::revoking;
  ready_.clear();
  revoke_until_ = steady_clock::now() + kSettleWithin;
  schedule(milliseconds(0));  // Not in here: librdkafka waits for its callback.
}

/// The partitions go when all that is out of them is settled and committed, or when that took too
/// long.
void KafkaGroupReader::finish_revoking() {
  const auto now = steady_clock::now();
  const bool is_out =
      std::ranges::any_of(partitions_, [](const auto& partition) { return partition->out > 0; });
  if (is_out && now < revoke_until_) return;
  const bool in_time = now < revoke_until_ + kCommitWithin;
  if (has_to_commit() && in_time) commit();
  if (is_committing_ && in_time) return;
  for (const auto& partition : partitions_) {
    if (partition->out > 0) partition->lose();
  }
  unassign();
}

void KafkaGroupReader::unassign() {
  ++state_->epoch;
  phase_ = Phase::away;
  ready_.clear();
  set_partitions({});
  is_paused_ = false;
  is_committing_ = false;
  member_->unassign();
}

/// Lets the group speak. Records that come meanwhile are for who reads the partitions next.
void KafkaGroupReader::discard() {
  last_poll_ = steady_clock::now();
  while (const KafkaRaw ignored = member_->poll()) {
    if (phase_ != Phase::revoking) break;
  }
}

/// The log does not have what comes next in a partition: retention was faster. Goes on at the
/// log's beginning. librdkafka has stopped reading it, and starts again only by an assignment.
void KafkaGroupReader::reposition(const KafkaTicket& from) {
  const auto work = [partition = from.partition, epoch = state_->epoch.load(), state = state_,
                     client = member_->handle(), group = options_.name.group,
                     inbox = member_->inbox(), reader = weak_from_this()] {
    std::int64_t low = 0;
    std::int64_t high = 0;
    while (rd_kafka_query_watermark_offsets(
               client.get(), partition->topic.c_str(), partition->number, &low, &high,
               static_cast<int>(kAskFor.count())) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (state->is_closed || state->epoch != epoch) return;
      std::this_thread::sleep_for(kAskEvery);
    }
    inbox->post([=] {
      const auto self = reader.lock();
      if (!self || self->phase_ != Phase::reading || self->state_->epoch != epoch) return;
      const std::int64_t next = partition->offsets().next();
      if (low < next) {  // The log was cut off or made anew: what is out comes again.
        for (const auto& one : self->partitions_) one->lose();
        self->ready_.clear();
        KafkaList again = self->assignment();
        self->set_partitions({});  // What is settled from now on is of a log that is gone.
        return self->find_starts(std::move(again));
      }
      spdlog::warn(
          "kafka.offset_out_of_range group={} topic={} partition={} next={} continues_at={} "
          "skipped={}",
          group, partition->topic, partition->number, next, low, low - next);
      const KafkaList list = self->assignment();
      auto* const one = rd_kafka_topic_partition_list_find(list.get(), partition->topic.c_str(),
                                                           partition->number);
      if (one != nullptr) one->offset = low;
      // The other partitions are read again from next(): what was read ahead of them comes again.
      std::erase_if(self->ready_, [&](const KafkaRecord& ahead) {
        return ahead.raw && ahead.ticket.partition != partition;
      });
      self->set_trouble({});
      self->member_->assign(*list);
    });
  };
  const auto started = run_aside(work);
  if (!started) set_trouble(started.error().detail);
}

void KafkaGroupReader::set_partitions(Partitions partitions) {
  partitions_ = std::move(partitions);
  const std::lock_guard lock(state_->mutex);
  state_->partitions = partitions_;
  if (!partitions_.empty()) state_->first.clear();
}

/// The partitions, each with the offset to be read next.
KafkaList KafkaGroupReader::assignment() const {
  KafkaList list = make_kafka_list(static_cast<int>(partitions_.size()));
  for (const auto& partition : partitions_) {
    rd_kafka_topic_partition_list_add(list.get(), partition->topic.c_str(), partition->number)
        ->offset = partition->offsets().next();
  }
  return list;
}

bool KafkaGroupReader::has_to_commit() const noexcept {
  return std::ranges::any_of(partitions_, [](const auto& partition) {
    return partition->offsets().position() > partition->committed;
  });
}

KafkaList KafkaGroupReader::to_commit() const {
  KafkaList list = make_kafka_list();
  for (const auto& partition : partitions_) {
    const std::int64_t position = partition->offsets().position();
    if (position <= partition->committed) continue;
    auto* const one =
        rd_kafka_topic_partition_list_add(list.get(), partition->topic.c_str(), partition->number);
    one->offset = position;
    set_kafka_note(*one, partition->note);
  }
  return list;
}

void KafkaGroupReader::commit() {
  if (is_committing_) return;
  last_commit_ = steady_clock::now();
  is_committing_ = member_->commit(*to_commit());
}

void KafkaGroupReader::on_committed(rd_kafka_resp_err_t error,
                                    const rd_kafka_topic_partition_list_t* offsets) {
  is_committing_ = false;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || offsets == nullptr) {
    spdlog::debug("kafka.commit_failed group={} error=\"{}\"", options_.name.group,
                  rd_kafka_err2str(error));
    return;
  }
  for (const auto& partition : partitions_) {
    const auto* const one =
        rd_kafka_topic_partition_list_find(const_cast<rd_kafka_topic_partition_list_t*>(offsets),
                                           partition->topic.c_str(), partition->number);
    if (one == nullptr || one->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    partition->committed = std::max(partition->committed, one->offset);
  }
}

}  // namespace sluice
