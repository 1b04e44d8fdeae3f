// Outgoing HTTP/1.1: a pool of keep-alive connections per host, one request at a time on each
// (pipelined POSTs may not be assumed, RFC 9112 9.3.2).

#include "sinks/http_client.h"

#include "base/assert.h"
#include "base/socket.h"
#include "base/wait_queue.h"
#include "sinks/http_exchange.h"

#include <boost/asio/ip/basic_resolver.hpp>

#include <algorithm>

namespace sluice {

namespace asio = boost::asio;
using asio::ip::tcp;

/// An open connection; on the deadline wheel while it is idle.
class HttpClient::Connection final : public Expiring {
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
};

void HttpClient::Connection::expire() {
  const auto it = std::ranges::find(host.idle, this, &std::unique_ptr<Connection>::get);
  SLUICE_ASSERT(it != host.idle.end());
  Host& owner = host;
  --owner.open;
  --owner.client.connections_;
  owner.idle.erase(it);  // Destroys this.
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

HttpClient::HttpClient(Core& core, HttpClientLimits limits) : core_(core), limits_(limits) {}

HttpClient::~HttpClient() { close_idle(); }

void HttpClient::close_idle() {
  while (close_one_idle()) {
  }
}

/// A connection was let go: whoever waits for this host is next, else whoever waits for room at
/// all.
void HttpClient::wake_waiter(Host& host) {
  if (waiters_ == 0 || host.waiting.notify_oldest()) return;
  for (auto& [name, other] : hosts_) {
    if (other->waiting.notify_oldest()) return;
  }
}

bool HttpClient::close_one_idle() {
  for (auto& [name, host] : hosts_) {
    if (host->idle.empty()) continue;
    host->idle.erase(host->idle.begin());
    --host->open;
    --connections_;
    return true;
  }
  return false;
}

Task<HttpClient::Lease> HttpClient::acquire(const HttpUrl& url, bool fresh, Deadline deadline) {
  auto& slot = hosts_[url.authority];
  if (!slot) slot = std::make_unique<Host>(*this);
  Host& host = *slot;
  for (;;) {
    if (!host.idle.empty() && !fresh) {
      Lease lease(std::move(host.idle.back()));
      host.idle.pop_back();
      DeadlineWheel::cancel(*lease.connection);
      co_return lease;
    }
    const bool room = connections_ < limits_.connections || close_one_idle();
    if (room && host.open < limits_.connections_per_host) break;
    ++waiters_;
    const bool notified = co_await host.waiting.wait(core_, deadline);
    --waiters_;
    if (!notified) {
      co_return fail(Errc::deadline_exceeded, "no connection to " + url.authority + " was free");
    }
  }
  ++host.open;
  ++connections_;
  Lease lease(std::make_unique<Connection>(core_, host));
  SLUICE_CO_TRY(co_await connect(*lease.connection, url, deadline));
  co_return lease;
}

Task<void> HttpClient::connect(Connection& connection, const HttpUrl& url, Deadline deadline) {
  std::vector<tcp::endpoint> endpoints;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(url.host, error);
  if (!error) {
    endpoints.emplace_back(address, url.port);
  } else {
    asio::ip::basic_resolver<tcp, Executor> resolver(core_.executor());
    auto [failed, found] =
        co_await resolver.async_resolve(url.host, std::to_string(url.port), use_tuple);
    if (failed) {
      co_return fail(Errc::unavailable, "cannot resolve " + url.host + ": " + failed.message());
    }
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  std::string why = "no address";
  for (const tcp::endpoint& endpoint : endpoints) {
    connection.socket = TcpSocket(core_.executor());
    SocketDeadline limit(core_, connection.socket);
    limit.set(deadline);
    auto [failed] = co_await connection.socket.async_connect(endpoint, use_tuple);
    if (limit.passed()) {
      co_return fail(Errc::deadline_exceeded, "connecting to " + url.authority + " took too long");
    }
    if (!failed) {
      prepare(connection.socket);
      co_return boost::outcome_v2::success();
    }
    why = failed.message();
  }
  co_return fail(Errc::unavailable, "cannot connect to " + url.authority + ": " + why);
}

Task<HttpAnswer> HttpClient::post(HttpPost request, Deadline deadline) {
  for (bool fresh = false;; fresh = true) {
    SLUICE_CO_TRY(Lease lease, co_await acquire(*request.url, fresh, deadline));
    HttpExchange exchange(core_, lease.connection->socket, limits_.response_bytes, head_);
    auto answer = co_await exchange.run(request, deadline);
    lease.reusable = answer.has_value() && exchange.reusable();
    if (answer) co_return answer;
    // An idle connection may have been closed under us. Once more then, on one that was not idle.
    const bool stale = lease.connection->reused && !exchange.answered() &&
                       answer.error().code == Errc::unavailable;
    if (!stale) co_return answer;
  }
}

HttpClients::HttpClients(CorePool& cores, HttpClientLimits limits) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    clients_.push_back(std::make_unique<HttpClient>(cores.core(i), limits));
  }
}

HttpClient& HttpClients::here() noexcept {
  SLUICE_ASSERT(Core::current() != nullptr);
  return *clients_[Core::current()->index()];
}

}  // namespace sluice
