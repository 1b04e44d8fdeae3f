// From a producer's socket to a sink and back: the connection loop, the checks of the contract in
// their order, and the answers. A request that comes whole in one read is parsed where it lies, in
// the core's scratch bytes; any other one gets a buffer of its own (request_reader.h).

#include "broker/ingress.h"

#include "base/assert.h"
#include "broker/http_reply.h"
#include "broker/request_reader.h"
#include "event/event_batch.h"
#include "event/event_http.h"

#include <unistd.h>

namespace sluice {

namespace asio = boost::asio;
using std::chrono::steady_clock;

struct Ingress::Lane {
  explicit Lane(Core& core) : sessions(core) {}
  TaskGroup sessions;
  RequestHead head;  // Of the request that was parsed last on this core.
};

namespace {

/// A refusal: status and detail.
struct Refusal {
  int status;
  std::string detail;
};

std::string_view shortened(std::string_view text) noexcept { return text.substr(0, 100); }

}  // namespace

/// One connection.
class Ingress::Session {
 public:
  Session(Ingress& ingress, Core& core, TcpSocket socket)
      : ingress_(ingress),
        core_(core),
        reader_(core, std::move(socket), ingress.limits_, ingress.lanes_[core.index()]->head) {}

  Awaitable<void> run() {
    // Named, not awaited in the condition: g++ 12 loses such a frame (GCC bug 106188).
    bool more = true;
    while (more && !ingress_.stopping_.load(std::memory_order_relaxed)) {
      more = co_await serve_one();
    }
    co_await reader_.finish();
  }

 private:
  Awaitable<bool> serve_one();
  Awaitable<bool> serve_event(Route& route);
  Awaitable<bool> serve_batch(Route& route);
  Awaitable<bool> refuse(Route& route, int status, std::string detail);

  [[nodiscard]] std::optional<Refusal> check_before_body(const RequestHead& head,
                                                         const Route* route) const;
  [[nodiscard]] static std::optional<Refusal> check_mode(HttpMode mode);

  Ingress& ingress_;
  Core& core_;
  RequestReader reader_;
};

/// One request, from its first byte to its answer. False ends the connection.
Awaitable<bool> Ingress::Session::serve_one() {
  const auto state = co_await reader_.read_head();
  if (state == RequestReader::State::ended) co_return false;
  Route& unknown = ingress_.routes_.unknown();
  if (state == RequestReader::State::refused) {
    co_return co_await refuse(unknown, reader_.fault().status, reader_.fault().detail);
  }
  const RequestHead& head = reader_.head();
  if (is_model_api(head.target)) {
    const ApiCall call{reader_, core_, ingress_.draining_, ingress_.stopping_};
    co_return co_await ingress_.models_.serve(call);
  }
  Route* const route = ingress_.routes_.find(head.target);
  if (head.method == "OPTIONS" && route != nullptr) {
    const AfterReply after = reader_.after_reply();
    const std::string reply = webhook_reply(after);
    const bool taken = co_await reader_.reply(reply, after);
    co_return taken&& after != AfterReply::close;
  }
  if (auto refusal = check_before_body(head, route)) {
    Route& counted = route != nullptr ? *route : unknown;
    co_return co_await refuse(counted, refusal->status, std::move(refusal->detail));
  }
  co_return co_await serve_event(*route);
}

/// The checks that need no body, in the contract's order.
std::optional<Refusal> Ingress::Session::check_before_body(const RequestHead& head,
                                                           const Route* route) const {
  if (head.method != "POST" && (head.method != "OPTIONS" || route != nullptr)) {
    return Refusal{405, "method " + std::string(shortened(head.method)) + " is not allowed here"};
  }
  if (route == nullptr) {
    return Refusal{404, "nothing has the address " + std::string(shortened(path_of(head.target)))};
  }
  if (ingress_.draining_.load(std::memory_order_relaxed)) {
    return Refusal{503, "the broker is shutting down"};
  }
  return std::nullopt;
}

std::optional<Refusal> Ingress::Session::check_mode(HttpMode mode) {
  switch (mode) {
    case HttpMode::binary:
    case HttpMode::structured:
    case HttpMode::batch:
      return std::nullopt;
    case HttpMode::none:
      return Refusal{400,
                     "no CloudEvent: neither attribute 'specversion' (header ce-specversion) nor "
                     "content type application/cloudevents+json"};
    case HttpMode::unsupported:
      break;
  }
  return Refusal{415,
                 "the event format is not supported: application/cloudevents+json is, and "
                 "application/cloudevents-batch+json"};
}

Awaitable<bool> Ingress::Session::serve_event(Route& route) {
  const auto state = co_await reader_.read_body();
  if (state == RequestReader::State::ended) co_return false;
  if (state == RequestReader::State::refused) {
    co_return co_await refuse(route, reader_.fault().status, reader_.fault().detail);
  }
  const std::span<const HttpField> fields = reader_.head().fields.all();
  const HttpMode mode = http_mode(fields);
  if (auto refusal = check_mode(mode)) {
    co_return co_await refuse(route, refusal->status, std::move(refusal->detail));
  }
  if (mode == HttpMode::batch) co_return co_await serve_batch(route);
  auto event = event_from_http(mode, fields, reader_.body());
  if (!event) co_return co_await refuse(route, 400, std::move(event.error().detail));

  const AfterReply after = reader_.after_reply();  // Views into the request end here.
  const Deadline deadline = steady_clock::now() + ingress_.limits_.answer_timeout;
  const Attempt result = co_await route.sink->send(std::move(event).value(), deadline);
  if (!result.succeeded()) {
    const int status = result.status == 0 ? 503 : result.status;
    co_return co_await refuse(route, status, result.detail);
  }
  route.counters.count(result.reply ? 200 : 202);
  std::string event_text;
  if (result.reply) event_text = event_reply(*result.reply, after);
  const std::string_view text = result.reply ? event_text : accepted_reply(after);
  const bool taken = co_await reader_.reply(text, after);
  co_return taken&& after != AfterReply::close;
}

/// What serve_event() does, for all events of a batch at once. Its body has been read.
Awaitable<bool> Ingress::Session::serve_batch(Route& route) {
  auto events = events_from_http(reader_.head().fields.all(), reader_.body().bytes);
  if (!events) co_return co_await refuse(route, 400, std::move(events.error().detail));
  const AfterReply after = reader_.after_reply();  // Views into the request end here.
  const std::size_t count = events.value().size();
  std::string replies;
  if (count > 0) {
    const Deadline deadline = steady_clock::now() + ingress_.limits_.answer_timeout;
    const BatchAttempt result = co_await route.sink->send_all(std::move(events).value(), deadline);
    if (!result.outcome.succeeded()) {
      const int status = result.outcome.status == 0 ? 503 : result.outcome.status;
      co_return co_await refuse(route, status, result.outcome.detail);
    }
    route.counters.count(result.replies.empty() ? 202 : 200, count);
    if (!result.replies.empty()) replies = batch_reply(result.replies, after);
  }
  const std::string_view text = replies.empty() ? accepted_reply(after) : replies;
  const bool taken = co_await reader_.reply(text, after);
  co_return taken&& after != AfterReply::close;
}

Awaitable<bool> Ingress::Session::refuse(Route& route, int status, std::string detail) {
  const bool is_late = status == 408 || status == 504;
  if (is_late && ingress_.draining_.load(std::memory_order_relaxed)) {
    status = 503;  // Not late, but cut short by us.
    detail = "the broker is shutting down";
  }
  route.counters.count(status);
  const AfterReply after = reader_.after_reply();
  const std::string text = problem_reply(status, detail, after, !reader_.is_head_method());
  const bool taken = co_await reader_.reply(text, after);
  co_return taken&& after != AfterReply::close;
}

Ingress::Ingress(CorePool& cores, const RoutingTable& routes, const ModelApi& models,
                 IngressLimits limits)
    : cores_(cores), routes_(routes), models_(models), limits_(limits) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    lanes_.push_back(std::make_unique<Lane>(cores.core(i)));
  }
}

Ingress::~Ingress() = default;

Result<std::uint16_t> Ingress::bind(const std::string& host, std::uint16_t port) {
  listener_ = std::make_unique<Listener>(*Core::current());
  return listener_->open(host, port);
}

void Ingress::start() {
  accepting_ = std::make_unique<TaskGroup>(*Core::current());
  accepting_->spawn(accept());
}

/// Hands each connection to the next core for its whole life.
Awaitable<void> Ingress::accept() {
  std::size_t next = 0;
  for (;;) {
    const int descriptor = co_await listener_->accept();
    if (descriptor < 0) co_return;
    Core& core = cores_.core(next++);
    asio::post(core.executor(), [this, &core, descriptor] {
      lanes_[core.index()]->sessions.spawn(serve(core, descriptor));
    });
  }
}

Awaitable<void> Ingress::serve(Core& core, int descriptor) {
  TcpSocket socket(core.executor());
  boost::system::error_code error;
  socket.assign(listener_->protocol(), descriptor, error);
  if (error) {
    ::close(descriptor);
    co_return;
  }
  prepare(socket);
  Session session(*this, core, std::move(socket));
  co_await session.run();
}

Awaitable<void> Ingress::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (listener_) listener_->close();
  if (accepting_) co_await accepting_->join();
  for (auto& lane : lanes_) {
    co_await asio::co_spawn(lane->sessions.core().executor(), lane->sessions.join(),
                            asio::use_awaitable_t<Executor>());
  }
}

}  // namespace sluice
