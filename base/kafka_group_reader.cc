#include "base/kafka_group_reader.h"

#include "base/side_thread.h"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCommitEvery{100};
constexpr milliseconds kLookEvery{500};
constexpr milliseconds kRevokeLookEvery{50};
constexpr milliseconds kPauseAfter{1'000};
constexpr milliseconds kCloseWithin{5'000};
constexpr std::size_t kWindow = 100'000;
constexpr std::size_t kLookAtMost = 1'000;

}  // namespace

KafkaGroupReader::KafkaGroupReader(Core& core, KafkaReaderOptions options)
    : core_(core), options_(std::move(options)) {}

KafkaGroupReader::~KafkaGroupReader() { state_->is_closed = true; }

Result<std::shared_ptr<KafkaGroupReader>> KafkaGroupReader::open(Core& core,
                                                                 KafkaReaderOptions options) {
  std::shared_ptr<KafkaGroupReader> reader(new KafkaGroupReader(core, std::move(options)));
  const KafkaReaderOptions& asked = reader->options_;
  SLUICE_TRY(reader->member_, KafkaMember::open(core, asked.settings, asked.name.group, *reader));
  reader->state_->client = reader->member_->handle();
  boost::asio::post(core.executor(), [weak = std::weak_ptr<KafkaGroupReader>(reader)] {
    if (const auto self = weak.lock()) self->start();
  });
  return reader;
}

void KafkaGroupReader::start() {
  if (phase_ == Phase::closed) return;
  member_->listen();
  last_take_ = last_poll_ = steady_clock::now();
  schedule(kLookEvery);
  const auto started =
      run_aside([state = state_, options = options_, inbox = member_->inbox(),
                 reader = weak_from_this()] { prepare(state, options, inbox, reader); });
  if (!started) set_trouble(started.error().detail);
}

std::optional<KafkaRecord> KafkaGroupReader::take() {
  if (phase_ == Phase::closed) return std::nullopt;
  last_take_ = steady_clock::now();
  std::optional<KafkaRecord> record;
  if (phase_ == Phase::reading && !is_full()) {
    if (is_paused_) {
      is_paused_ = false;
      member_->resume(*assignment());
    }
    if (ready_.empty()) {
      record = poll();
    } else {
      record = std::move(ready_.front());
      ready_.pop_front();
    }
  } else if (phase_ != Phase::revoking && ready_.empty()) {
    record = poll();  // Nothing comes, but what the group has to say.
  }
  wake_wanted_ = !record;
  if (!record) return record;
  KafkaPartition& partition = *record->ticket.partition;
  if (record->raw) partition.hand_out(record->ticket.offset);
  ++partition.out;
  return record;
}

std::optional<KafkaRecord> KafkaGroupReader::poll() {
  last_poll_ = steady_clock::now();
  while (KafkaRaw raw = member_->poll()) {
    auto record = accept(std::move(raw));
    if (record) return record;
  }
  return std::nullopt;
}

/// Nothing where it is no record, or one that is not to be handed out here.
std::optional<KafkaRecord> KafkaGroupReader::accept(KafkaRaw raw) {
  const char* const topic = raw->rkt == nullptr ? "" : rd_kafka_topic_name(raw->rkt);
  const auto found = std::ranges::find_if(partitions_, [&](const auto& partition) {
    return partition->number == raw->partition && partition->topic == topic;
  });
  if (raw->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    set_trouble(kafka_error(raw->err, std::string("topic ") + topic).detail);
    if (raw->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && found != partitions_.end()) {
      reposition({*found, raw->offset, 0});
    }
    return std::nullopt;
  }
  if (phase_ != Phase::reading || found == partitions_.end()) return std::nullopt;
  if (raw->offset < (*found)->offsets().next()) return std::nullopt;  // Read twice.
  if (is_in_trouble_) set_trouble({});
  KafkaRecord record;
  record.ticket.partition = *found;
  record.ticket.offset = raw->offset;
  record.raw = std::move(raw);
  return record;
}

void KafkaGroupReader::settle(const KafkaTicket& ticket) {
  const bool was_full = is_full();
  --ticket.partition->out;
  ticket.partition->settle(ticket.offset);
  if (phase_ == Phase::closed || ticket.partition->is_lost()) return;
  if (phase_ == Phase::revoking) return finish_revoking();
  if (!is_soon_) schedule(kCommitEvery);
  if (was_full && wake_wanted_) wake();
}

void KafkaGroupReader::give_back(KafkaTicket ticket, std::shared_ptr<const void> kept) {
  --ticket.partition->out;
  if (phase_ == Phase::closed || ticket.partition->is_lost()) return;
  if (phase_ == Phase::revoking) return finish_revoking();
  ++ticket.attempt;
  KafkaRecord record;
  record.ticket = std::move(ticket);
  record.kept = std::move(kept);
  ready_.push_front(std::move(record));
  if (wake_wanted_) wake();
}

bool KafkaGroupReader::is_full() const noexcept {
  // What was given back may always go out again: it may be what the window waits for.
  if (!ready_.empty() && !ready_.front().raw) return false;
  return std::ranges::any_of(partitions_,
                             [](const auto& one) { return one->offsets().window() >= kWindow; });
}

/// Tells the listener, not inside the call that wakes.
void KafkaGroupReader::wake() {
  wake_wanted_ = false;
  boost::asio::post(core_.executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->phase_ != Phase::closed && self->on_ready_) self->on_ready_();
  });
}

void KafkaGroupReader::on_woken() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::revoking) {
    discard();
    return finish_revoking();
  }
  if (wake_wanted_) look();
}

/// Reads ahead by one, which lets the group speak as well.
void KafkaGroupReader::look() {
  auto record = poll();
  if (record) ready_.push_back(std::move(*record));
  if (wake_wanted_ && !ready_.empty() && !is_full()) wake();
}

void KafkaGroupReader::expire() {
  if (phase_ == Phase::closed) return;
  is_soon_ = false;
  const auto now = steady_clock::now();
  if (phase_ == Phase::revoking) {
    discard();
    finish_revoking();
  } else {
    if (has_to_commit() && now - last_commit_ >= kCommitEvery) commit();
    if (is_committing_ || now - last_poll_ > kLookEvery) look();
    // Full, it is asked in vain.
    const bool nobody_asks = is_full() || (!wake_wanted_ && now - last_take_ > kPauseAfter);
    if (phase_ == Phase::reading && nobody_asks && !is_paused_ && !partitions_.empty()) {
      is_paused_ = true;
      member_->pause(*assignment());
      for (std::size_t i = ready_.size(); is_paused_ && i < kLookAtMost; ++i) {
        auto record = poll();
        if (!record) break;
        ready_.push_back(std::move(*record));
      }
    }
  }
  if (phase_ == Phase::revoking) return schedule(kRevokeLookEvery);
  schedule(has_to_commit() || is_committing_ ? kCommitEvery : kLookEvery);
}

void KafkaGroupReader::schedule(milliseconds in) {
  is_soon_ = in <= kCommitEvery;
  core_.deadlines().schedule(*this, steady_clock::now() + in);
}

Task<void> KafkaGroupReader::wait_positioned(Core& core, Deadline deadline) {
  if (is_positioned()) co_return boost::outcome_v2::success();
  const auto state = state_;
  const auto found = co_await state->positioned.wait(core, deadline);
  if (found && *found) co_return boost::outcome_v2::success();
  if (found) co_return fail(Errc::cancelled, "group " + options_.name.group + " is closed");
  co_return fail(Errc::unavailable, "group " + options_.name.group + ": " + trouble());
}

std::vector<KafkaBacklog> KafkaGroupReader::backlog() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<KafkaBacklog> backlog = state_->first;
  for (const auto& partition : state_->partitions) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    if (state_->client) {
      rd_kafka_get_watermark_offsets(state_->client.get(), partition->topic.c_str(),
                                     partition->number, &low, &high);
    }
    const std::int64_t done = partition->done();
    backlog.push_back({partition->topic, partition->number, done, std::max(done, high)});
  }
  return backlog;
}

std::string KafkaGroupReader::trouble() const {
  std::shared_ptr<KafkaLink> link = member_->link();
  if (link->is_down()) return link->trouble();
  const std::lock_guard lock(state_->mutex);
  return state_->trouble;
}

void KafkaGroupReader::set_trouble(std::string trouble) {
  is_in_trouble_ = !trouble.empty();
  const std::lock_guard lock(state_->mutex);
  state_->trouble = std::move(trouble);
}

void KafkaGroupReader::start_close() {
  if (phase_ == Phase::closed) return;
  auto last = backlog();
  KafkaList offsets = to_commit();
  phase_ = Phase::closed;
  state_->is_closed = true;
  ++state_->epoch;
  ready_.clear();
  partitions_.clear();
  DeadlineWheel::cancel(*this);
  close_until_ = steady_clock::now() + kCloseWithin;  // However often it is waited for.
  left_ = member_->leave(std::move(offsets));
  const std::lock_guard lock(state_->mutex);
  state_->client.reset();
  state_->partitions.clear();
  state_->first = std::move(last);
}

Awaitable<void> KafkaGroupReader::close() {
  const auto self = shared_from_this();
  start_close();
  const auto left = co_await left_->wait(core_, close_until_);
  if (!left && !std::exchange(said_late_, true)) {
    spdlog::warn("kafka.close_timed_out group={}", options_.name.group);
  }
}

}  // namespace sluice
