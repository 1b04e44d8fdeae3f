#include "cli/display_server.h"

#include "base/listener.h"
#include "base/output.h"
#include "base/socket.h"
#include "base/task_group.h"
#include "base/uuid.h"
#include "event/event_batch.h"
#include "event/event_builder.h"
#include "event/event_http.h"
#include "event/event_json.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <list>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using SignalSet = asio::basic_signal_set<Executor>;
using Request = http::request<http::string_body>;
using Parser = http::request_parser<http::string_body>;

constexpr std::uint64_t kMaxBodyBytes = 64U * 1024 * 1024;
// For good; but what has no deadline could not be hurried at the end.
constexpr std::chrono::hours kPrintLimit{24};
constexpr std::size_t kJsonPadding = 64;  // What the event decoder may read past the end.

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// A body with a buffer of its own, as the event decoder wants it.
HttpBody body_of(std::string_view bytes) {
  HttpBody body;
  body.owned = std::make_unique<char[]>(bytes.size() + kJsonPadding);
  body.owned_size = bytes.size() + kJsonPadding;
  bytes.copy(body.owned.get(), bytes.size());
  body.bytes = {body.owned.get(), bytes.size()};
  return body;
}

// One, or those of a batch.
Result<std::vector<EventPtr>> events_of(const Request& request) {
  std::vector<HttpField> fields;
  for (const auto& field : request) {
    fields.push_back({view(field.name_string()), view(field.value())});
  }
  const HttpMode mode = http_mode(fields);
  if (mode == HttpMode::batch) return events_from_http(fields, request.body());
  if (mode != HttpMode::binary && mode != HttpMode::structured) {
    return fail(Errc::invalid_argument, "neither binary nor structured nor batch mode");
  }
  HttpBody body = body_of(request.body());
  SLUICE_TRY(EventPtr event, event_from_http(mode, fields, body));
  return std::vector<EventPtr>(1, std::move(event));
}

// A request that carries no event, as it came.
std::string show_request(const Request& request, std::string_view why, EventFormat format) {
  const std::string line =
      std::string(view(request.method_string())) + " " + std::string(view(request.target()));
  if (format == EventFormat::json) {
    nlohmann::ordered_json headers = nlohmann::ordered_json::object();
    for (const auto& field : request) headers[view(field.name_string())] = view(field.value());
    const nlohmann::ordered_json shown = {
        {"request", line}, {"no_event", why}, {"headers", headers}, {"body", request.body()}};
    return shown.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  std::string text = "Not a CloudEvent (" + std::string(why) + ")\n" + line + "\n";
  for (const auto& field : request) {
    text.append(view(field.name_string())).append(": ").append(view(field.value())).append("\n");
  }
  const std::string& body = request.body();
  text += '\n';
  if (body.empty()) return text;
  if (is_plain_text(body)) return text + body + "\n";
  return text + std::to_string(body.size()) + " bytes that are no text\n";
}

std::string write_response(int status, const EventPtr& reply, bool keep_alive) {
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
  std::string response = "HTTP/1.1 " + std::to_string(status) + " " + std::string(view(reason)) +
                         "\r\n" + (keep_alive ? "" : "connection: close\r\n");
  const bool may_have_body = status >= 200 && status != 204 && status != 304;
  if (reply && may_have_body) append_binary_headers(*reply, response);
  const std::string_view body = reply && may_have_body ? reply->data() : std::string_view();
  if (may_have_body) response += "content-length: " + std::to_string(body.size()) + "\r\n";
  return response.append("\r\n").append(body);
}

}  // namespace

class DisplayServer::Server {
 public:
  Server(Core& core, DisplayOptions options)
      : core_(core),
        options_(std::move(options)),
        listener_(core),
        signals_(core.executor()),
        group_(core) {}

  Result<HostPort> listen() {
    auto port = listener_.open(options_.listen.host, options_.listen.port);
    if (!port) return std::move(port).error();
    // From here on a signal ends run(), and not the process.
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    return HostPort{options_.listen.host, port.value()};
  }

  void run() {
    group_.spawn(stop_on_signal());
    group_.spawn(accept());
    core_.io().restart();
    while (group_.size() > 0) core_.io().run_one();
  }

 private:
  Awaitable<void> stop_on_signal() {
    co_await signals_.async_wait(use_tuple);
    stopping_ = true;
    listener_.close();
    boost::system::error_code ignored;
    for (TcpSocket& socket : sockets_) socket.close(ignored);
    core_.deadlines().hurry();  // Ends the waiting for standard output, and the delays.
  }

  Awaitable<void> accept() {
    for (;;) {
      const int descriptor = co_await listener_.accept();
      if (descriptor < 0) co_return;
      sockets_.emplace_front(core_.executor(), listener_.protocol(), descriptor);
      group_.spawn(serve(sockets_.begin()));
    }
  }

  Awaitable<void> serve(std::list<TcpSocket>::iterator at) {
    TcpSocket& socket = *at;
    boost::beast::flat_buffer buffer;
    bool keep_alive = true;
    while (keep_alive && !stopping_) {
      Parser parser;
      parser.body_limit(kMaxBodyBytes);
      auto [read_error, header_size] =
          co_await http::async_read_header(socket, buffer, parser, use_tuple);
      if (read_error) break;
      if (view(parser.get()[http::field::expect]) == "100-continue") {
        const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(socket, asio::buffer(go_on), use_tuple);
      }
      auto [body_error, body_size] = co_await http::async_read(socket, buffer, parser, use_tuple);
      if (body_error) break;
      keep_alive = parser.get().keep_alive();
      const std::string response = co_await answer(parser.get());
      auto [write_error, written] =
          co_await asio::async_write(socket, asio::buffer(response), use_tuple);
      if (write_error) break;
    }
    sockets_.erase(at);
  }

  Awaitable<std::string> answer(const Request& request) {
    const auto events = events_of(request);
    std::string text;
    if (!events) text = show_request(request, events.error().detail, options_.format);
    for (std::size_t i = 0; events && i < events.value().size(); ++i) {
      text += show_event(*events.value()[i], options_.format, HopCount::keep);
    }
    // There is nobody to tell that standard output has gone. One that is not read is waited for.
    const auto until = std::chrono::steady_clock::now() + kPrintLimit;
    (void)co_await standard_output().write(core_, text, until);
    if (options_.delay.count() > 0 && !stopping_) {
      co_await delays_.wait(core_, std::chrono::steady_clock::now() + options_.delay);
    }
    EventPtr reply;
    if (!options_.reply.empty() && events) reply = make_reply(options_.reply).value();
    co_return write_response(options_.status, reply, request.keep_alive());
  }

  Core& core_;
  const DisplayOptions options_;
  Listener listener_;
  SignalSet signals_;
  std::list<TcpSocket> sockets_;
  WaitQueue delays_;
  bool stopping_ = false;
  TaskGroup group_;
};

DisplayServer::DisplayServer(Core& core, DisplayOptions options)
    : server_(std::make_unique<Server>(core, std::move(options))) {}

DisplayServer::~DisplayServer() = default;

Result<HostPort> DisplayServer::listen() { return server_->listen(); }

void DisplayServer::run() { server_->run(); }

Result<EventPtr> make_reply(const std::string& json) {
  std::string text = json;
  // Put in as text, so that no byte of the data is rewritten.
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_object() && !parsed.contains("id")) {
    const char* separator = parsed.empty() ? "" : ",";
    text.insert(text.find('{') + 1, "\"id\":\"" + new_uuid() + "\"" + separator);
  }
  const HttpBody body = body_of(text);
  EventBuilder builder;
  SLUICE_TRY(read_event_json(body, builder));
  return builder.build();
}

}  // namespace sluice
