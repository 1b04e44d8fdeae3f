#pragma once

#include "base/kafka_handle.h"

#include <string>
#include <vector>

namespace sluice {

/// Where a group begins that has read nothing of a topic yet.
enum class KafkaInitial { end, beginning };

/// Whose positions.
struct KafkaGroupName {
  std::string group;
  std::vector<std::string> topics;
  KafkaInitial initial = KafkaInitial::end;
};

// Blocking, for threads beside the cores: each step waits for the brokers for 5 s at most.

/// Every partition of `topics` with the group's committed offset, negative where there is none, and
/// with what was noted beside it. Errors: unavailable, not_found (a topic).
[[nodiscard]] Result<KafkaList> committed_kafka_offsets(rd_kafka_t& client,
                                                        const std::vector<std::string>& topics);

/// Where a member begins to read what it was assigned: each partition's offset, with the note that
/// is to be committed beside it from now on.
///
/// A partition without a committed offset gets one, committed before anything is read, so that all
/// that comes from then on is the group's: `initial` while the group is new to the topic; the
/// partition's beginning where it was added later. Kafka cannot tell these two apart, so the number
/// of partitions that the group began with is noted beside each offset.
///
/// A committed offset that the log does not have any more, or not yet, becomes the log's beginning;
/// one warn line says how many offsets were skipped. Errors: unavailable.
[[nodiscard]] Result<KafkaList> find_kafka_starts(rd_kafka_t& client, const KafkaGroupName& name,
                                                  const rd_kafka_topic_partition_list_t& assigned);

/// Sets what is committed beside the offset of `partition`.
void set_kafka_note(rd_kafka_topic_partition_t& partition, const std::string& note);

[[nodiscard]] std::string kafka_note(const rd_kafka_topic_partition_t& partition);

}  // namespace sluice
