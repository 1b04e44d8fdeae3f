#pragma once

#include "base/task.h"
#include "event/event.h"
#include "sinks/sink_spec.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// One try at a sink and how it ended.
struct Attempt {
  int status = 0;      ///< HTTP status, or what stands for it; 0: there was no response.
  EventPtr reply;      ///< The event in a 2xx answer, if any.
  std::string detail;  ///< What went wrong, one line; empty on success.
  std::string body;    ///< First kKeptBodyBytes of the response body, on failure.
  std::optional<std::chrono::milliseconds> retry_after;  ///< Where the response asked for it.
  bool ignored_body = false;  ///< 2xx with a body that is no event, and plain-reply is `ignore`.

  static constexpr std::size_t kKeptBodyBytes = 768;

  [[nodiscard]] bool succeeded() const noexcept { return status >= 200 && status < 300; }
};

/// One try at a sink with several events, and how it ended.
struct BatchAttempt {
  Attempt outcome;                ///< As one: the first failure, or success. Without `reply`.
  std::vector<EventPtr> replies;  ///< In the order of the events; of those that had one.
};

/// The attempt that an Error stands for; its status is that of the code.
[[nodiscard]] Attempt failed_attempt(const Error& error);

/// Whether an attempt that ended in `status` is tried again; 0 stands for "no response". The one
/// rule for HTTP subscribers and in-process sinks alike, whoever sends to them: no response, 404,
/// 408, 409, 429 and 5xx.
[[nodiscard]] bool is_retryable(int status) noexcept;

/// Anything addressable that accepts an event and may reply: an HTTP subscriber, a broker's own
/// ingress, a channel, a printer. Source output, trigger subscriber, reply, flow step and dead
/// letter are all this one port.
class Sink {
 public:
  virtual ~Sink() = default;

  /// One try, ended by `deadline` at the latest. May be called from any core; never throws.
  virtual Awaitable<Attempt> send(EventPtr event, Deadline deadline) = 0;

  /// One try with several events, at least one, in their order, ended by `deadline` at the latest.
  /// A Broker and a channel accept all of them or none (Channel::append_all()). Any other sink is
  /// sent one after the other, up to the first that fails: the outcome names that one, and says how
  /// many before it are taken.
  virtual Awaitable<BatchAttempt> send_all(std::vector<EventPtr> events, Deadline deadline);

  /// The URL that names this sink to others, e.g. in `knativeerrordest`.
  [[nodiscard]] virtual const std::string& url() const noexcept = 0;
};

using SinkPtr = std::shared_ptr<Sink>;

/// Makes the in-process sink that `spec` describes. The kinds are the lines of sinks/sinks.def;
/// each .cc documents its own fields on top. `url` is its ingress URL. Errors: invalid_argument
/// (names the offending field).
[[nodiscard]] Result<SinkPtr> make_sink(const SinkSpec& spec, std::string url);

}  // namespace sluice
