#pragma once

#include "base/kafka_outgoing.h"
#include "base/kafka_pace.h"
#include "base/wait_queue.h"

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

class KafkaRoute;

namespace kafka_detail {
using AutoUnlink = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
struct HeldTag;
using WaitingHook = boost::intrusive::list_base_hook<AutoUnlink>;
using HeldHook = boost::intrusive::list_base_hook<boost::intrusive::tag<HeldTag>, AutoUnlink>;
template <typename T, typename Hook>
using ListOf = boost::intrusive::list<T, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;
}  // namespace kafka_detail

/// A record from the moment that somebody waits for it: kept by who does and, once it is handed
/// over, by its report. Used on one core.
struct KafkaPending : boost::intrusive_ref_counter<KafkaPending>,
                      kafka_detail::WaitingHook,
                      kafka_detail::HeldHook {
  KafkaPending(KafkaOutgoing& its, KafkaRoute& way) : record(its), route(way), bytes(its.bytes()) {}

  void report(rd_kafka_resp_err_t code, KafkaPosition where) {
    if (is_answered) return;
    error = code;
    position = where;
    is_answered = true;
    answered.notify_one();
  }

  /// Whether it waits for its turn.
  [[nodiscard]] bool is_held() const noexcept { return kafka_detail::HeldHook::is_linked(); }
  void stop_waiting() { kafka_detail::WaitingHook::unlink(); }

  KafkaOutgoing& record;  // Until it is handed over.
  KafkaRoute& route;
  const std::size_t bytes;
  WaitQueue answered;
  KafkaPosition position;
  KafkaPace::Round round = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool is_answered = false;
};

using KafkaWaiting = kafka_detail::ListOf<KafkaPending, kafka_detail::WaitingHook>;

/// What the routes of a producer hold, and how much they may.
struct KafkaHeld {
  [[nodiscard]] bool has_room(std::size_t more_records, std::size_t more_bytes) const noexcept {
    const bool is_full = most_records > 0 && records + more_records > most_records;
    return !is_full && bytes + more_bytes <= most_bytes;
  }

  std::size_t records = 0;
  std::size_t bytes = 0;
  std::size_t most_records = 0;  ///< 0: any number, as librdkafka has it.
  std::size_t most_bytes = 0;
  std::chrono::milliseconds longest{};
};

/// The way of a producer's records to one topic: a round of them is with librdkafka, the others are
/// held and follow in the order in which they came (base/kafka_pace.h). Used on one core.
class KafkaRoute {
 public:
  KafkaRoute(std::string topic, KafkaHeld& held) : topic_(std::move(topic)), all_held_(held) {}

  /// For a client that lives until close(). Errors: those of kafka_error().
  [[nodiscard]] Result<void> open(rd_kafka_t& client, KafkaPace::Bounds bounds);
  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }
  void close() { handle_.reset(); }

  /// Hands a record over, or holds it. Errors: resource_exhausted, and those of kafka_error().
  [[nodiscard]] Result<void> start(KafkaPending& pending);

  /// Hands over what may go of what is held. What librdkafka refuses is reported so.
  void pump();

  /// A record that was handed over has been acknowledged, or has failed.
  void done(const KafkaPending& pending);

  /// Holds it no more.
  void release(KafkaPending& pending);

  /// When pump() has something to do at the latest.
  [[nodiscard]] KafkaPace::Time ends() const { return pace_->ends(); }

 private:
  [[nodiscard]] rd_kafka_resp_err_t hand_over(KafkaPending& pending);
  [[nodiscard]] Result<void> hold(KafkaPending& pending);

  const std::string topic_;
  KafkaHeld& all_held_;
  rd_kafka_t* client_ = nullptr;
  std::unique_ptr<rd_kafka_topic_t, FreeKafka> handle_;
  std::optional<KafkaPace> pace_;  // With the client.
  kafka_detail::ListOf<KafkaPending, kafka_detail::HeldHook> held_;
};

}  // namespace sluice
