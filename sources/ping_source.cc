// PingSource (Knative Eventing sources.knative.dev/v1): an event at every fire time of a schedule.
//
//   schedule     cron with 5 or 6 fields, a descriptor, or @every; default every minute
//   timezone     IANA name; default UTC
//   contentType  the events' datacontenttype, where there is data; default none
//   data, dataBase64   one of the two; JSON where contentType says so
//
// Ticks that were missed by half a minute, because the machine slept or its clock was set, are not
// made up. A tick does
// not wait for the one before: with a slow sink they overlap, kPingsInFlight at most. A refused
// event is offered again five times, 50 ms to 800 ms apart, then dropped. Where several processes
// share the work, one of them fires each tick: Election says which.

#include "sources/ping_source.h"

#include "base/rfc3339.h"
#include "base/task_group.h"
#include "base/uuid.h"
#include "event/event_builder.h"
#include "event/validation.h"
#include "sources/ping_settings.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr int kRetries = 5;
constexpr milliseconds kFirstBackoff{50};
constexpr std::chrono::seconds kSendTimeout{30};
// A tick that is noticed later than this was missed.
constexpr std::chrono::seconds kLatest{30};
// Wall clocks jump and machines sleep: no wait is longer before the clock is read again.
constexpr std::chrono::seconds kLongestWait{1};
// Processes whose clocks differ by less agree on who fires a tick.
constexpr std::chrono::hours kTickRemembered{1};

class PingSource final : public Source {
 public:
  PingSource(const SourceSpec& spec, PingSettings settings, SourceParts parts, Clock& clock)
      : source_("/apis/v1/namespaces/" + spec.ns + "/pingsources/" + spec.name),
        extensions_(spec.ce_overrides),
        settings_(std::move(settings)),
        sink_(std::move(parts.sink)),
        election_(std::move(parts.election)),
        clock_(clock),
        group_(parts.core) {}

  void start() override { group_.spawn(run()); }

  Awaitable<void> stop() override {
    stopping_ = true;
    next_tick_.notify_all();
    co_await group_.join();  // What was fired is delivered, its retries included.
  }

  const SourceCounters& counters() const noexcept override { return counters_; }

 private:
  // What the schedule goes by: the wall clock, or the time since the start for @every.
  CronTime now() const {
    if (!settings_.schedule.is_interval()) return std::chrono::floor<milliseconds>(clock_.now());
    return CronTime(std::chrono::floor<milliseconds>(clock_.elapsed()));
  }

  Awaitable<void> run() {
    const CronTime start = now();
    CronTime last = start;
    while (!stopping_) {
      const auto due = settings_.schedule.next(last, start);
      if (!due) co_return;  // Never again; the manifests were warned of it.
      while (!stopping_ && now() < *due) {
        const auto wait = std::min<std::chrono::nanoseconds>(*due - now(), kLongestWait);
        co_await clock_.wait(group_.core(), next_tick_, wait);
      }
      if (stopping_) co_return;
      last = now();
      if (last - *due <= kLatest) tick(*due, start);
    }
  }

  void tick(CronTime due, CronTime start) {
    if (in_flight_ == kPingsInFlight) {
      report_drop("its sink is slow: " + std::to_string(kPingsInFlight) +
                  " ticks are on their way");
      return;
    }
    ++in_flight_;
    group_.spawn(deliver(make_event(), occasion_of(due, start)));
  }

  // What the processes that share a tick agree on. Intervals start with each process: who fires one
  // keeps the others silent until shortly before its own next.
  struct Occasion {
    std::string name;
    milliseconds held;
  };
  Occasion occasion_of(CronTime due, CronTime start) const {
    if (!election_) return {};
    const CronSchedule& schedule = settings_.schedule;
    if (!schedule.is_interval()) return {schedule.to_rfc3339(due), kTickRemembered};
    const milliseconds interval = schedule.next(due, start).value_or(due) - due;
    return {"interval", interval - interval / 10};
  }

  void report_drop(std::string_view why) {
    ++counters_.dropped;
    spdlog::warn("tick.dropped source={} sink={} error=\"{}\"", source_, sink_->url(), why);
  }

  EventPtr make_event() const {
    const std::string id = new_uuid();
    const std::string time = format_rfc3339(clock_.now());
    EventBuilder builder;
    builder.set("id", id).set("source", source_).set("type", "dev.knative.sources.ping");
    builder.set("time", time);
    if (settings_.data_kind != DataKind::none) {
      if (!settings_.content_type.empty()) builder.set("datacontenttype", settings_.content_type);
      builder.data(settings_.data, settings_.data_kind);
    }
    for (const auto& [name, value] : extensions_) builder.set(name, value);
    return builder.build();
  }

  enum class Try { delivered, not_ours, refused, failed };

  // Asks whether the tick is ours until that was answered; then sends.
  Awaitable<Try> try_once(EventPtr event, const Occasion& occasion, bool& is_ours) {
    if (!is_ours) {
      const auto answer = co_await election_->is_ours(occasion.name, occasion.held);
      if (!answer) {
        last_error_ = answer.error().detail;
        co_return Try::failed;
      }
      if (!answer.value()) co_return Try::not_ours;
      is_ours = true;
    }
    const auto deadline = std::chrono::steady_clock::now() + kSendTimeout;
    const Attempt attempt = co_await sink_->send(std::move(event), deadline);
    if (attempt.succeeded()) co_return Try::delivered;
    last_error_ = attempt.detail;
    co_return is_retryable(attempt.status) ? Try::failed : Try::refused;
  }

  Awaitable<void> deliver(EventPtr event, Occasion occasion) {
    bool is_ours = election_ == nullptr;
    milliseconds backoff = kFirstBackoff;
    for (int retry = 0;; ++retry) {
      const Try outcome = co_await try_once(event, occasion, is_ours);
      if (outcome == Try::delivered) ++counters_.delivered;
      if (outcome == Try::delivered || outcome == Try::not_ours) break;
      if (outcome == Try::refused || retry == kRetries) {
        report_drop(last_error_);
        break;
      }
      co_await clock_.wait(group_.core(), retries_, backoff);
      ++counters_.retried;
      backoff *= 2;
    }
    --in_flight_;
  }

  const std::string source_;
  const std::map<std::string, std::string> extensions_;
  const PingSettings settings_;
  const SinkPtr sink_;
  const std::shared_ptr<Election> election_;
  Clock& clock_;
  TaskGroup group_;
  WaitQueue next_tick_;
  WaitQueue retries_;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
  std::string last_error_;
  SourceCounters counters_;
};

Result<void> check_overrides(const SourceSpec& spec) {
  constexpr std::string_view kOwn[] = {"specversion", "id",   "source",
                                       "type",        "time", "datacontenttype"};
  for (const auto& [name, value] : spec.ce_overrides) {
    const std::string field = "ceOverrides.extensions." + name + ": ";
    if (std::ranges::find(kOwn, name) != std::end(kOwn)) {
      return fail(Errc::invalid_argument, field + "the source sets this attribute itself");
    }
    if (auto valid = validate_attribute(name, value); !valid) {
      return fail(Errc::invalid_argument, field + valid.error().detail);
    }
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<std::unique_ptr<Source>> make_ping_source_with_clock(const SourceSpec& spec,
                                                            SourceParts parts, Clock& clock) {
  SLUICE_TRY(PingSettings settings, read_ping_settings(spec.spec));
  SLUICE_TRY(check_overrides(spec));
  return std::make_unique<PingSource>(spec, std::move(settings), std::move(parts), clock);
}

Result<std::unique_ptr<Source>> make_ping_source(const SourceSpec& spec, SourceParts parts) {
  return make_ping_source_with_clock(spec, std::move(parts), system_clock());
}

}  // namespace sluice
