// Outgoing HTTP/1.1: a pool of keep-alive connections per host, one request at a time on each
// (pipelined POSTs may not be assumed, RFC 9112 9.3.2).

#include "sinks/http_client.h"

#include "base/assert.h"
#include "base/socket.h"
#include "base/wait_queue.h"
#include "sinks/http_exchange.h"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace sluice {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Every so many times a connection goes to the host whose turn it is although its own has use for
// it: that costs a new connection, but a busy host must not keep the others out for ever.
constexpr std::uint64_t kTurnEvery = 8;

}  // namespace

/// An open connection; while it is idle, on the deadline wheel and in the client's list.
class HttpClient::Connection final : public Expiring, public IdleHook {
 public:
  Connection(Core& core, Host& owner) : socket(core.executor()), host(owner) {}
  ~Connection() { DeadlineWheel::cancel(*this); }

  void expire() override;

  TcpSocket socket;
  Host& host;
  bool reused = false;
};

struct HttpClient::Host {
  explicit Host(HttpClient& owner) : client(owner) {}

  HttpClient& client;
  std::vector<std::unique_ptr<Connection>> idle;  // The one used last is at the back.
  std::size_t open = 0;
  WaitQueue waiting;
  bool listed = false;  // In wanting_room_.
};

void HttpClient::Connection::expire() {
  Host& owner = host;
  owner.client.let_go(*this);
  owner.client.wake_waiter(owner);
}

/// The right to use one connection. Let go, it goes back to the pool where it is reusable, else it
/// is closed.
struct HttpClient::Lease {
  explicit Lease(std::unique_ptr<Connection> held) : connection(std::move(held)) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (!connection) return;
    Host& host = connection->host;
    HttpClient& client = host.client;
    if (reusable) {
      connection->reused = true;
      client.core_.deadlines().schedule(
          *connection, std::chrono::steady_clock::now() + client.limits_.idle_timeout);
      client.idle_.push_back(*connection);
      host.idle.push_back(std::move(connection));
    } else {
      --host.open;
      --client.connections_;
      connection.reset();
    }
    client.wake_waiter(host);
  }

  std::unique_ptr<Connection> connection;
  bool reusable = false;
};

HttpClient::HttpClient(Core& core, HttpClientLimits limits, std::shared_ptr<Resolver> resolver)
    : core_(core), limits_(limits), resolver_(std::move(resolver)) {}

HttpClient::~HttpClient() { close_idle(); }

void HttpClient::close_idle() {
  while (!idle_.empty()) let_go(static_cast<Connection&>(idle_.front()));
}

/// Closes and destroys it.
void HttpClient::let_go(Connection& idle) {
  Host& host = idle.host;
  const auto it = std::ranges::find(host.idle, &idle, &std::unique_ptr<Connection>::get);
  SLUICE_ASSERT(it != host.idle.end());
  --host.open;
  --connections_;
  host.idle.erase(it);
}

/// Whether `host` may have one connection more; where it needs one's place, an idle one is closed.
bool HttpClient::make_room(Host& host) {
  if (host.open >= limits_.connections_per_host) {
    if (host.idle.empty()) return false;
    let_go(*host.idle.front());
  } else if (connections_ >= limits_.connections) {
    if (idle_.empty()) return false;
    let_go(static_cast<Connection&>(idle_.front()));
  }
  return true;
}

void HttpClient::wants_room(Host& host) {
  if (host.listed) return;
  host.listed = true;
  wanting_room_.push_back(&host);
}

/// A connection of `host` was let go: wakes one who can use it or its room. Mostly one who waits
/// for that host, to which it is open already; else the hosts that wait have their turns.
void HttpClient::wake_waiter(Host& host) {
  if (!host.waiting.empty()) {
    wants_room(host);
    if (++wake_ups_ % kTurnEvery != 0) {
      (void)wake(host);
      return;
    }
  }
  while (!wanting_room_.empty()) {
    Host& next = *wanting_room_.pop_front();
    next.listed = false;
    // At its own limit it comes back here when one of its own is let go.
    const bool is_full = next.open >= limits_.connections_per_host && next.idle.empty();
    if (is_full || !wake(next)) continue;
    if (!next.waiting.empty()) wants_room(next);
    return;
  }
}

bool HttpClient::wake(Host& host) {
  if (!host.waiting.notify_oldest()) return false;
  ++woken_;
  return true;
}

/// The idle connection of `host` that was used last and that the server has left alone since; those
/// on which it said or ended something are closed. Null: there is none.
std::unique_ptr<HttpClient::Connection> HttpClient::take_idle(Host& host) {
  while (!host.idle.empty()) {
    if (!is_quiet(host.idle.back()->socket)) {
      let_go(*host.idle.back());
      continue;
    }
    std::unique_ptr<Connection> taken = std::move(host.idle.back());
    host.idle.pop_back();
    taken->IdleHook::unlink();
    DeadlineWheel::cancel(*taken);
    return taken;
  }
  return nullptr;
}

Task<HttpClient::Lease> HttpClient::acquire(const HttpUrl& url, bool fresh, Deadline deadline) {
  auto& slot = hosts_[url.authority];
  if (!slot) slot = std::make_unique<Host>(*this);
  Host& host = *slot;
  // Whoever was woken has not run yet and comes first: a newcomer lets them, and queues up behind
  // those that still wait.
  if (woken_ > 0) co_await asio::post(core_.executor(), use_tuple);
  bool may_take = host.waiting.empty();
  for (;;) {
    if (may_take && !fresh) {
      if (auto idle = take_idle(host)) co_return Lease(std::move(idle));
    }
    if (may_take && make_room(host)) break;
    wants_room(host);
    const bool notified = co_await host.waiting.wait(core_, deadline);
    if (!notified) {
      co_return fail(Errc::deadline_exceeded, "no connection to " + url.authority + " was free");
    }
    --woken_;
    may_take = true;
  }
  ++host.open;
  ++connections_;
  Lease lease(std::make_unique<Connection>(core_, host));
  SLUICE_CO_TRY(co_await connect(*lease.connection, url, deadline));
  co_return lease;
}

Task<Addresses> HttpClient::addresses_of(const std::string& host, Deadline deadline) {
  boost::system::error_code not_numeric;
  const auto address = asio::ip::make_address(host, not_numeric);
  if (not_numeric) co_return co_await resolver_->resolve(core_, host, deadline);
  co_return Addresses(1, address);
}

Task<void> HttpClient::connect(Connection& connection, const HttpUrl& url, Deadline deadline) {
  SLUICE_CO_TRY(const Addresses addresses, co_await addresses_of(url.host, deadline));
  std::string why = "no address";
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // Each address has its share of the time: the first may be one that never answers.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    connection.socket = TcpSocket(core_.executor());
    SocketDeadline limit(core_, connection.socket);
    limit.set(deadline == kNever ? kNever : now + share);
    const tcp::endpoint endpoint(addresses[i], url.port);
    auto [failed] = co_await connection.socket.async_connect(endpoint, use_tuple);
    if (!failed && !limit.passed()) {
      prepare(connection.socket);
      co_return boost::outcome_v2::success();
    }
    why = limit.passed() ? "it took too long" : failed.message();
  }
  const bool late = std::chrono::steady_clock::now() >= deadline;
  co_return fail(late ? Errc::deadline_exceeded : Errc::unavailable,
                 "cannot connect to " + url.authority + ": " + why);
}

Task<HttpAnswer> HttpClient::post(HttpPost request, Deadline deadline) {
  for (bool fresh = false;; fresh = true) {
    SLUICE_CO_TRY(Lease lease, co_await acquire(*request.url, fresh, deadline));
    HttpExchange exchange(core_, lease.connection->socket, limits_.response_bytes, head_);
    auto answer = co_await exchange.run(request, deadline);
    lease.reusable = answer.has_value() && exchange.reusable();
    if (answer) co_return answer;
    // An idle connection may have been closed under us. Once more then, on one that was not idle.
    const bool stale =
        lease.connection->reused && exchange.unsent() && answer.error().code == Errc::unavailable;
    if (!stale) co_return answer;
  }
}

HttpClients::HttpClients(CorePool& cores, HttpClientLimits limits,
                         const std::shared_ptr<Resolver>& resolver) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    clients_.push_back(std::make_unique<HttpClient>(cores.core(i), limits, resolver));
  }
}

HttpClient& HttpClients::here() noexcept {
  SLUICE_ASSERT(Core::current() != nullptr);
  return *clients_[Core::current()->index()];
}

}  // namespace sluice
