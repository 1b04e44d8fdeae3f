// A small HTTP server for a few requests a minute: plain Beast, one read and one answer at a time.

#include "broker/admin.h"

#include "base/listener.h"
#include "base/socket.h"
#include "base/task_group.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <unistd.h>

namespace sluice {

namespace beast = boost::beast;
namespace http = boost::beast::http;

struct Admin::Server {
  explicit Server(Core& core) : listener(core), coroutines(core) {}
  Listener listener;
  TaskGroup coroutines;
  bool stopping = false;
};

namespace {

constexpr std::chrono::seconds kIdle{75};
constexpr std::size_t kMaxRequestBytes = 16 * 1024;

std::string_view without_query(beast::string_view target) noexcept {
  std::string_view path(target.data(), target.size());
  path = path.substr(0, path.find('?'));
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

AdminPage problem(int status, const std::string& title) {
  return {status, "application/problem+json",
          R"({"type":"about:blank","title":")" + title + R"(","status":)" + std::to_string(status) +
              "}"};
}

}  // namespace

Admin::Admin(Core& core) : core_(core), server_(std::make_unique<Server>(core)) {}

Admin::~Admin() = default;

void Admin::add(std::string path, MakePage make) {
  pages_.emplace(std::move(path), std::move(make));
}

Result<std::uint16_t> Admin::listen(const std::string& host, std::uint16_t port) {
  SLUICE_TRY(const std::uint16_t bound, server_->listener.open(host, port));
  server_->coroutines.spawn(accept());
  return bound;
}

Awaitable<void> Admin::accept() {
  for (;;) {
    const int descriptor = co_await server_->listener.accept();
    if (descriptor < 0) co_return;
    server_->coroutines.spawn(serve(descriptor));
  }
}

Awaitable<void> Admin::serve(int descriptor) {
  TcpSocket socket(core_.executor());
  boost::system::error_code assigned;
  socket.assign(server_->listener.protocol(), descriptor, assigned);
  if (assigned) {
    ::close(descriptor);
    co_return;
  }
  SocketDeadline deadline(core_, socket);
  beast::flat_buffer buffer(kMaxRequestBytes);
  while (!server_->stopping) {
    http::request<http::string_body> request;
    deadline.set(std::chrono::steady_clock::now() + kIdle);
    const auto [read_error, read] = co_await http::async_read(socket, buffer, request, use_tuple);
    if (read_error || deadline.passed()) break;
    AdminPage page;
    const auto it = pages_.find(without_query(request.target()));
    if (it == pages_.end()) {
      page = problem(404, "Not Found");
    } else if (request.method() != http::verb::get && request.method() != http::verb::head) {
      page = problem(405, "Method Not Allowed");
    } else {
      page = it->second();
    }
    http::response<http::string_body> response(static_cast<http::status>(page.status),
                                               request.version());
    response.set(http::field::content_type, page.content_type);
    if (page.status == 405) response.set(http::field::allow, "GET, HEAD");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(page.body);
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();
    const auto [write_error, written] = co_await http::async_write(socket, response, use_tuple);
    if (write_error || !response.keep_alive()) break;
  }
}

Awaitable<void> Admin::stop() {
  server_->stopping = true;
  server_->listener.close();
  co_await server_->coroutines.join();
}

}  // namespace sluice
