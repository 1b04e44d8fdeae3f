#include "base/kafka_route.h"

#include <array>

namespace sluice {

using std::chrono::steady_clock;

Result<void> KafkaRoute::open(rd_kafka_t& client, KafkaPace::Bounds bounds) {
  handle_.reset(rd_kafka_topic_new(&client, topic_.c_str(), nullptr));
  if (!handle_) return kafka_error(rd_kafka_last_error(), "topic " + topic_);
  client_ = &client;
  pace_.emplace(bounds);
  return boost::outcome_v2::success();
}

Result<void> KafkaRoute::start(KafkaPending& pending) {
  std::optional<KafkaPace::Round> round;
  if (held_.empty()) round = pace_->take(steady_clock::now(), pending.bytes);
  if (!round) return hold(pending);
  pending.round = *round;
  const auto error = hand_over(pending);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return boost::outcome_v2::success();
  return kafka_error(error, "topic " + topic_);
}

Result<void> KafkaRoute::hold(KafkaPending& pending) {
  KafkaHeld& all = all_held_;
  if (!all.has_room(1, pending.bytes)) {
    return fail(Errc::resource_exhausted,
                "topic " + topic_ + ": the brokers take less than is sent");
  }
  ++all.records;
  all.bytes += pending.bytes;
  held_.push_back(pending);
  return boost::outcome_v2::success();
}

void KafkaRoute::release(KafkaPending& pending) {
  if (!pending.is_held()) return;
  pending.kafka_detail::HeldHook::unlink();
  --all_held_.records;
  all_held_.bytes -= pending.bytes;
}

void KafkaRoute::pump() {
  while (is_open() && !held_.empty()) {
    KafkaPending& next = held_.front();
    const auto round = pace_->take(steady_clock::now(), next.bytes);
    if (!round) return;
    release(next);
    next.round = *round;
    const auto error = hand_over(next);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) next.report(error, {});
  }
}

void KafkaRoute::done(const KafkaPending& pending) {
  if (pace_->done(pending.round)) pump();
}

// Without a partition, and with headers that stay ours on error: librdkafka 2.0 frees its own
// twice.
rd_kafka_resp_err_t KafkaRoute::hand_over(KafkaPending& pending) {
  KafkaOutgoing& record = pending.record;
  std::array<rd_kafka_vu_t, 6> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_RKT;
  parts[0].u.rkt = handle_.get();
  parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[1].u.i = RD_KAFKA_MSG_F_COPY;
  parts[2].vtype = RD_KAFKA_VTYPE_OPAQUE;
  parts[2].u.ptr = &pending;
  parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[3].u.headers = record.headers.list_.get();
  parts[4].vtype = RD_KAFKA_VTYPE_VALUE;
  if (record.value) {
    // Empty is not null: there is data, of no bytes.
    parts[4].u.mem.ptr = const_cast<char*>(record.value->empty() ? "" : record.value->data());
    parts[4].u.mem.size = record.value->size();
  }
  std::size_t count = 5;
  if (record.key) {
    parts[count].vtype = RD_KAFKA_VTYPE_KEY;
    parts[count].u.mem.ptr = const_cast<char*>(record.key->empty() ? "" : record.key->data());
    parts[count++].u.mem.size = record.key->size();
  }
  intrusive_ptr_add_ref(&pending);  // The report's.
  const KafkaError refused(rd_kafka_produceva(client_, parts.data(), count));
  if (!refused) {
    static_cast<void>(record.headers.list_.release());
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  intrusive_ptr_release(&pending);
  static_cast<void>(pace_->done(pending.round));
  return rd_kafka_error_code(refused.get());
}

}  // namespace sluice
