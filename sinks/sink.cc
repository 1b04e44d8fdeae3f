#include "sinks/sink.h"

#include "event/event_batch.h"

#include <string_view>

namespace sluice {

#define SLUICE_SINK(kind, factory) Result<SinkPtr> factory(const SinkSpec& spec, std::string url);
#include "sinks/sinks.def"
#undef SLUICE_SINK

namespace {

struct Kind {
  std::string_view name;
  Result<SinkPtr> (*make)(const SinkSpec& spec, std::string url);
};

constexpr Kind kKinds[] = {
#define SLUICE_SINK(kind, factory) {kind, factory},
#include "sinks/sinks.def"
#undef SLUICE_SINK
};

}  // namespace

Attempt failed_attempt(const Error& error) {
  Attempt attempt;
  attempt.status = http_status(error.code);
  attempt.detail = error.detail;
  attempt.body = error.detail.substr(0, Attempt::kKeptBodyBytes);
  return attempt;
}

bool is_retryable(int status) noexcept {
  switch (status) {
    case 0:
    case 404:
    case 408:
    case 409:
    case 429:
      return true;
    default:
      return status >= 500 && status < 600;
  }
}

Awaitable<BatchAttempt> Sink::send_all(std::vector<EventPtr> events, Deadline deadline) {
  BatchAttempt batch;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Attempt attempt = co_await send(std::move(events[i]), deadline);
    if (!attempt.succeeded()) {
      attempt.detail = in_batch(i, attempt.detail);
      if (i > 0) attempt.detail += " (taken before it: " + std::to_string(i) + ")";
      batch.outcome = std::move(attempt);
      co_return batch;
    }
    if (attempt.reply) batch.replies.push_back(std::move(attempt.reply));
  }
  batch.outcome.status = batch.replies.empty() ? 202 : 200;
  co_return batch;
}

Result<SinkPtr> make_sink(const SinkSpec& spec, std::string url) {
  for (const Kind& kind : kKinds) {
    if (kind.name == spec.kind) return kind.make(spec, std::move(url));
  }
  return fail(Errc::invalid_argument, "kind: no sink of kind '" + spec.kind + "'");
}

}  // namespace sluice
