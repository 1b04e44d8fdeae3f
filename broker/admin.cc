// A small HTTP server for a few requests a minute, on the ingress's reader: the same bounds, the
// same framing. The page is made while the request's bytes are where they were read.

#include "broker/admin.h"

#include "base/listener.h"
#include "base/socket.h"
#include "base/task_group.h"
#include "broker/http_reply.h"
#include "broker/routing_table.h"

#include <unistd.h>

namespace sluice {

struct Admin::Server {
  explicit Server(Core& core) : listener(core), coroutines(core) {}
  Listener listener;
  TaskGroup coroutines;
  RequestHead head;  // Of the request that was parsed last.
  bool stopping = false;
};

AdminPage problem_page(int status, std::string_view detail) {
  return {status, "application/problem+json", problem_json(status, detail)};
}

Admin::Admin(Core& core, const IngressLimits& limits)
    : core_(core), limits_(limits), server_(std::make_unique<Server>(core)) {}

Admin::~Admin() = default;

void Admin::add(std::string path, MakePage make) {
  pages_.emplace(std::move(path), Page{std::move(make), nullptr});
}

void Admin::add_post(std::string path, AnswerPost answer) {
  pages_.emplace(std::move(path), Page{nullptr, std::move(answer)});
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
  prepare(socket);
  RequestReader reader(core_, std::move(socket), limits_, server_->head);
  bool more = true;  // Not awaited in the condition: g++ 12 loses such a frame (GCC bug 106188).
  while (more && !server_->stopping) more = co_await serve_one(reader);
  co_await reader.finish();
}

/// The answer to a request whose body does not matter; nothing where a page waits for it.
std::optional<AdminPage> Admin::answer_early(const RequestHead& head) const {
  const auto page = pages_.find(path_of(head.target));
  if (page == pages_.end()) return problem_page(404, "there is no page at this path");
  const bool takes_posts = page->second.answer != nullptr;
  if (takes_posts && head.method == "POST") return std::nullopt;
  if (!takes_posts && (head.method == "GET" || head.method == "HEAD")) return page->second.make();
  const std::string_view allow = takes_posts ? "POST" : "GET, HEAD";
  AdminPage refusal = problem_page(405, "this page answers " + std::string(allow) + " only");
  refusal.allow = allow;
  return refusal;
}

AdminPage Admin::answer_post(RequestReader& reader) const {
  const RequestHead& head = reader.head();
  const std::size_t mark = head.target.find('?');
  const std::string_view query =
      mark == std::string_view::npos ? std::string_view() : head.target.substr(mark + 1);
  const auto page = pages_.find(path_of(head.target));
  return page->second.answer({query, head.fields.all(), reader.body()});
}

/// One request, from its first byte to its answer. False ends the connection.
Awaitable<bool> Admin::serve_one(RequestReader& reader) {
  using State = RequestReader::State;
  State state = co_await reader.read_head();
  std::optional<AdminPage> answer;
  if (state == State::ready) answer = answer_early(reader.head());
  if (state == State::ready && !answer) {
    state = co_await reader.read_body();
    if (state == State::ready) answer = answer_post(reader);
  }
  if (state == State::ended) co_return false;
  if (state == State::refused) {
    answer = problem_page(reader.fault().status, reader.fault().detail);
  }
  const AfterReply after = reader.after_reply();
  PageAnswer page{answer->status, answer->content_type, answer->body, answer->allow};
  page.has_body = !reader.is_head_method();
  const std::string text = page_reply(page, after);
  const bool taken = co_await reader.reply(text, after);
  co_return taken&& after != AfterReply::close;
}

Awaitable<void> Admin::stop() {
  server_->stopping = true;
  server_->listener.close();
  co_await server_->coroutines.join();
}

}  // namespace sluice
