#include "base/kafka_positions.h"

#include "base/kafka_topic.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace sluice {
namespace {

constexpr int kWaitMs = 5'000;
constexpr std::string_view kNote = "sluice-partitions=";

/// How many partitions the group began with, as the note says; 0 where somebody else committed.
int noted_partitions(const rd_kafka_topic_partition_t& partition) {
  const std::string note = kafka_note(partition);
  if (!note.starts_with(kNote)) return 0;
  int count = 0;
  std::from_chars(note.data() + kNote.size(), note.data() + note.size(), count);
  return count;
}

/// What the group has of a topic.
struct TopicPositions {
  int partitions = 0;        ///< How many there are.
  bool has_any = false;      ///< Whether the group has a committed offset on one of them.
  int began_with = 1 << 30;  ///< Of those, what is noted.
};

TopicPositions positions_of(const rd_kafka_topic_partition_list_t& all, const char* topic) {
  TopicPositions found;
  for (int i = 0; i < all.cnt; ++i) {
    if (std::strcmp(all.elems[i].topic, topic) != 0) continue;
    ++found.partitions;
    if (all.elems[i].offset < 0) continue;
    found.has_any = true;
    found.began_with = std::min(found.began_with, noted_partitions(all.elems[i]));
  }
  return found;
}

struct LogRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
};

Result<LogRange> range_of(rd_kafka_t& client, const rd_kafka_topic_partition_t& partition) {
  LogRange range;
  const auto error = rd_kafka_query_watermark_offsets(&client, partition.topic, partition.partition,
                                                      &range.low, &range.high, kWaitMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_error(error,
                       std::string("cannot ask for the offsets of topic ") + partition.topic);
  }
  return range;
}

/// An offset within the log; `committed` where it is.
std::int64_t within(const LogRange& range, std::int64_t committed,
                    const rd_kafka_topic_partition_t& partition, const std::string& group) {
  if (committed >= range.low && committed <= range.high) return committed;
  spdlog::warn(
      "kafka.offset_out_of_range group={} topic={} partition={} committed={} continues_at={} "
      "skipped={}",
      group, partition.topic, partition.partition, committed, range.low,
      std::max<std::int64_t>(0, range.low - committed));
  return range.low;
}

Result<void> commit_now(rd_kafka_t& client, const rd_kafka_topic_partition_list_t& offsets) {
  if (offsets.cnt == 0) return boost::outcome_v2::success();
  const auto error = rd_kafka_commit(&client, &offsets, 0);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kafka_error(error, "cannot commit offsets");
  return boost::outcome_v2::success();
}

}  // namespace

void set_kafka_note(rd_kafka_topic_partition_t& partition, const std::string& note) {
  std::free(partition.metadata);
  partition.metadata = nullptr;
  partition.metadata_size = 0;
  if (note.empty()) return;
  partition.metadata = ::strndup(note.data(), note.size());  // The list frees it.
  partition.metadata_size = note.size();
}

std::string kafka_note(const rd_kafka_topic_partition_t& partition) {
  if (partition.metadata == nullptr) return {};
  return {static_cast<const char*>(partition.metadata), partition.metadata_size};
}

Result<KafkaList> committed_kafka_offsets(rd_kafka_t& client,
                                          const std::vector<std::string>& topics) {
  KafkaList list = make_kafka_list();
  for (const std::string& topic : topics) {
    SLUICE_TRY(const int count,
               count_kafka_partitions(client, topic, std::chrono::milliseconds(kWaitMs)));
    for (int i = 0; i < count; ++i) {
      rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), i);
    }
  }
  const auto error = rd_kafka_committed(&client, list.get(), kWaitMs);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return kafka_error(error, "cannot ask for committed offsets");
  }
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return kafka_error(list->elems[i].err, "cannot ask for committed offsets");
  }
  return list;
}

Result<KafkaList> find_kafka_starts(rd_kafka_t& client, const KafkaGroupName& name,
                                    const rd_kafka_topic_partition_list_t& assigned) {
  // The ends first: where no offset is committed afterwards, nothing that was promised lies before
  // them, because every promise follows a commit, another process's too.
  std::vector<LogRange> ranges;
  for (int i = 0; i < assigned.cnt; ++i) {
    SLUICE_TRY(const LogRange one, range_of(client, assigned.elems[i]));
    ranges.push_back(one);
  }
  SLUICE_TRY(const KafkaList all, committed_kafka_offsets(client, name.topics));
  KafkaList starts = make_kafka_list(assigned.cnt);
  const KafkaList fresh = make_kafka_list(assigned.cnt);
  for (int i = 0; i < assigned.cnt; ++i) {
    const rd_kafka_topic_partition_t& wanted = assigned.elems[i];
    auto* const start =
        rd_kafka_topic_partition_list_add(starts.get(), wanted.topic, wanted.partition);
    LogRange range = ranges[static_cast<std::size_t>(i)];
    const auto* const known =
        rd_kafka_topic_partition_list_find(all.get(), wanted.topic, wanted.partition);
    if (known != nullptr && known->offset >= 0) {
      if (known->offset > range.high) {  // It was written to meanwhile.
        SLUICE_TRY(range, range_of(client, wanted));
      }
      start->offset = within(range, known->offset, wanted, name.group);
      set_kafka_note(*start, kafka_note(*known));
      continue;
    }
    const TopicPositions topic = positions_of(*all, wanted.topic);
    const bool was_added = topic.has_any && wanted.partition >= topic.began_with;
    const bool from_end = name.initial == KafkaInitial::end && !was_added;
    start->offset = from_end ? range.high : range.low;
    set_kafka_note(*start, std::string(kNote) + std::to_string(topic.partitions));
    auto* const first =
        rd_kafka_topic_partition_list_add(fresh.get(), wanted.topic, wanted.partition);
    first->offset = start->offset;
    set_kafka_note(*first, kafka_note(*start));
  }
  SLUICE_TRY(commit_now(client, *fresh));
  return starts;
}

}  // namespace sluice
