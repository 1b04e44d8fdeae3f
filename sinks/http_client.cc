// Outgoing HTTP/1.1: a pool of keep-alive connections per host, one request at a time on each
// (pipelined POSTs may not be assumed, RFC 9112 9.3.2). An answer that comes whole in one read is
// parsed where it lies; every other one gets a buffer of its own.

#include "sinks/http_client.h"

#include "base/assert.h"
#include "base/socket.h"
#include "base/wait_queue.h"

#include <boost/asio/ip/basic_resolver.hpp>

#include <algorithm>
#include <cstring>

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
  --host.open;
  --host.client.connections_;
  host.idle.erase(it);  // Destroys this.
}

/// The right to use one connection. Let go, it goes back to the pool where keep() was called, else
/// it is closed.
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
    host.waiting.notify_one();
  }

  std::unique_ptr<Connection> connection;
  bool reusable = false;
};

/// One request and its answer on one connection.
class HttpClient::Exchange {
 public:
  Exchange(HttpClient& client, Connection& connection, Deadline due)
      : client_(client), socket_(connection.socket), deadline_(client.core_, connection.socket) {
    deadline_.set(due);
  }

  Task<HttpAnswer> run(const HttpPost& request);

  [[nodiscard]] bool answered() const noexcept { return answered_; }
  [[nodiscard]] bool reusable() const noexcept { return reusable_; }

 private:
  Task<HttpAnswer> read_answer();
  Task<HttpAnswer> finish_answer(std::string_view received, bool in_scratch);
  Result<HttpAnswer> keep_whole(std::string_view whole, HttpAnswer answer);
  Task<HttpAnswer> read_sized(std::string_view received);
  Task<HttpAnswer> read_chunked(HttpAnswer answer, std::string rest);
  Task<HttpAnswer> read_to_end(HttpAnswer answer, std::string rest);
  Task<std::size_t> read_some(char* into, std::size_t room);
  [[nodiscard]] Result<void> reparse(std::string_view bytes);
  [[nodiscard]] Error too_large() const;

  HttpClient& client_;
  TcpSocket& socket_;
  SocketDeadline deadline_;
  bool answered_ = false;  // A byte of the answer has come.
  bool reusable_ = false;
};

namespace {

// What a view must have behind it for simdjson, and enough that a std::string is never "small",
// so that moving it keeps its views.
constexpr std::size_t kPadding = Core::kScratchPadding;

bool has_no_body(const ResponseHead& head) noexcept {
  return head.status == 204 || head.status == 304 ||
         (!head.chunked && head.content_length == std::uint64_t{0});
}

}  // namespace

Error HttpClient::Exchange::too_large() const {
  return fail(Errc::unavailable, "the answer is larger than " +
                                     std::to_string(client_.limits_.response_bytes) + " bytes");
}

/// Waits for bytes; 0 is the end of the stream.
Task<std::size_t> HttpClient::Exchange::read_some(char* into, std::size_t room) {
  for (;;) {
    SLUICE_CO_TRY(co_await wait_ready(socket_, Readiness::read, deadline_));
    const ReadNow got = read_now(socket_, into, room);
    if (got.size > 0) answered_ = true;
    if (got.size > 0 || got.ended) co_return got.size;
  }
}

Result<void> HttpClient::Exchange::reparse(std::string_view bytes) {
  HttpFault fault;
  const HeadState state = parse_response_head(bytes, client_.head_, fault);
  SLUICE_ASSERT(state == HeadState::done);
  return boost::outcome_v2::success();
}

Task<HttpAnswer> HttpClient::Exchange::run(const HttpPost& request) {
  SLUICE_CO_TRY(co_await write_all(socket_, request.head, request.body, deadline_));
  co_return co_await read_answer();
}

Task<HttpAnswer> HttpClient::Exchange::read_answer() {
  const std::span<char> scratch = client_.core_.scratch();
  std::string partial;  // A head that did not come whole.
  for (;;) {
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) {
      co_return fail(Errc::unavailable, "the connection closed before an answer came");
    }
    std::string_view bytes(scratch.data(), size);
    if (!partial.empty()) bytes = partial.append(bytes);
    HttpFault fault;
    HeadState state = parse_response_head(bytes, client_.head_, fault);
    while (state == HeadState::done && client_.head_.status < 200) {  // An interim answer.
      bytes.remove_prefix(client_.head_.size);
      state = bytes.empty() ? HeadState::need_more
                            : parse_response_head(bytes, client_.head_, fault);
    }
    if (state == HeadState::refused) co_return fail(Errc::unavailable, fault.detail);
    if (state == HeadState::done) co_return co_await finish_answer(bytes, partial.empty());
    partial = std::string(bytes);
  }
}

/// An answer that came in pieces is in a string that is about to go.
Result<HttpAnswer> HttpClient::Exchange::keep_whole(std::string_view whole, HttpAnswer answer) {
  answer.kept.reserve(whole.size() + kPadding);
  answer.kept = whole;
  SLUICE_TRY(reparse(answer.kept));
  answer.body.bytes = std::string_view(answer.kept).substr(client_.head_.size);
  return answer;
}

/// `received` starts with the head that was just parsed.
Task<HttpAnswer> HttpClient::Exchange::finish_answer(std::string_view received, bool in_scratch) {
  const ResponseHead& head = client_.head_;
  const std::string_view behind = received.substr(head.size);
  HttpAnswer answer;
  answer.head = &client_.head_;
  const bool sized = head.content_length.has_value() && !head.chunked;
  const std::size_t length = sized ? static_cast<std::size_t>(*head.content_length) : 0;
  if (has_no_body(head) || (sized && length <= behind.size())) {
    const std::string_view body = behind.substr(0, head.status == 204 ? 0 : length);
    reusable_ = head.keep_alive && behind.size() == body.size();
    if (in_scratch) {
      answer.body.bytes = body;
      co_return answer;
    }
    co_return keep_whole(received.substr(0, head.size + body.size()), std::move(answer));
  }
  if (head.chunked || !head.content_length) {
    std::string rest(behind);
    answer.kept = std::string(received.substr(0, head.size));
    SLUICE_CO_TRY(reparse(answer.kept));
    if (client_.head_.chunked) co_return co_await read_chunked(std::move(answer), std::move(rest));
    co_return co_await read_to_end(std::move(answer), std::move(rest));
  }
  if (length > client_.limits_.response_bytes) co_return too_large();
  co_return co_await read_sized(received);
}

/// A body with a Content-Length that has not come whole, read into one buffer behind its head.
Task<HttpAnswer> HttpClient::Exchange::read_sized(std::string_view received) {
  const std::size_t whole = client_.head_.size + static_cast<std::size_t>(*client_.head_.content_length);
  HttpAnswer answer;
  answer.head = &client_.head_;
  answer.body.owned_size = whole + kPadding;
  answer.body.owned = std::make_unique<char[]>(answer.body.owned_size);
  char* const buffer = answer.body.owned.get();
  std::size_t have = received.size();
  std::memcpy(buffer, received.data(), have);
  while (have < whole) {
    SLUICE_CO_TRY(const std::size_t more, co_await read_some(buffer + have, whole - have));
    if (more == 0) co_return fail(Errc::unavailable, "the connection closed inside the answer");
    have += more;
  }
  SLUICE_CO_TRY(reparse({buffer, whole}));
  answer.body.bytes = {buffer + client_.head_.size, whole - client_.head_.size};
  reusable_ = client_.head_.keep_alive;
  co_return answer;
}

Task<HttpAnswer> HttpClient::Exchange::read_chunked(HttpAnswer answer, std::string rest) {
  const std::span<char> scratch = client_.core_.scratch();
  ChunkedBody chunks(ChunkedBody::For::response, answer.kept, client_.limits_.response_bytes);
  for (;;) {
    rest.erase(0, chunks.put(rest));
    if (chunks.fault()) {
      if (chunks.fault()->status == 413) co_return too_large();
      co_return fail(Errc::unavailable, chunks.fault()->detail);
    }
    if (chunks.done()) break;
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) co_return fail(Errc::unavailable, "the connection closed inside the answer");
    rest.append(scratch.data(), size);
  }
  SLUICE_CO_TRY(reparse(answer.kept));
  reusable_ = client_.head_.keep_alive && rest.empty();
  answer.decoded = std::move(chunks.body());
  answer.decoded.reserve(answer.decoded.size() + kPadding);
  answer.body.bytes = answer.decoded;
  co_return answer;
}

Task<HttpAnswer> HttpClient::Exchange::read_to_end(HttpAnswer answer, std::string rest) {
  const std::span<char> scratch = client_.core_.scratch();
  for (;;) {
    if (rest.size() > client_.limits_.response_bytes) co_return too_large();
    SLUICE_CO_TRY(const std::size_t size, co_await read_some(scratch.data(), scratch.size()));
    if (size == 0) break;
    rest.append(scratch.data(), size);
  }
  SLUICE_CO_TRY(reparse(answer.kept));
  answer.decoded = std::move(rest);
  answer.decoded.reserve(answer.decoded.size() + kPadding);
  answer.body.bytes = answer.decoded;
  co_return answer;
}

HttpClient::HttpClient(Core& core, HttpClientLimits limits) : core_(core), limits_(limits) {}

HttpClient::~HttpClient() { close_idle(); }

void HttpClient::close_idle() {
  while (close_one_idle()) {
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

Task<HttpClient::Lease> HttpClient::acquire(const HttpUrl& url, Deadline deadline) {
  auto& slot = hosts_[url.authority];
  if (!slot) slot = std::make_unique<Host>(*this);
  Host& host = *slot;
  for (;;) {
    if (!host.idle.empty()) {
      Lease lease(std::move(host.idle.back()));
      host.idle.pop_back();
      DeadlineWheel::cancel(*lease.connection);
      co_return lease;
    }
    const bool room = connections_ < limits_.connections || close_one_idle();
    if (room && host.open < limits_.connections_per_host) break;
    const bool notified = co_await host.waiting.wait(core_, deadline);
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
  for (;;) {
    SLUICE_CO_TRY(Lease lease, co_await acquire(*request.url, deadline));
    Exchange exchange(*this, *lease.connection, deadline);
    auto answer = co_await exchange.run(request);
    lease.reusable = answer.has_value() && exchange.reusable();
    if (answer) co_return answer;
    // An idle connection may have been closed under us; nobody has seen the request then.
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
