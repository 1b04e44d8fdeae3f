#include "broker/http_reply.h"

#include "event/event_batch.h"
#include "event/event_http.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice {
namespace {

constexpr std::string_view kAllow = "allow: POST, OPTIONS\r\n";
constexpr int kRetryAfterSeconds = 1;

constexpr std::string_view connection_line(AfterReply after) noexcept {
  switch (after) {
    case AfterReply::keep:
      return "";
    case AfterReply::keep_http_1_0:
      return "connection: keep-alive\r\n";
    case AfterReply::close:
      break;
  }
  return "connection: close\r\n";
}

std::string retry_line(int status) {
  if (status != 429 && status != 503) return {};
  return fmt::format("retry-after: {}\r\n", kRetryAfterSeconds);
}

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

std::string_view accepted_reply(AfterReply after) noexcept {
  switch (after) {
    case AfterReply::keep:
      return "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
    case AfterReply::keep_http_1_0:
      return "HTTP/1.1 202 Accepted\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n";
    case AfterReply::close:
      break;
  }
  return "HTTP/1.1 202 Accepted\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
}

std::string event_reply(const Event& event, AfterReply after) {
  std::string reply = "HTTP/1.1 200 OK\r\n";
  reply += connection_line(after);
  append_binary_headers(event, reply);
  reply += fmt::format("content-length: {}\r\n\r\n", event.data().size());
  reply += event.data();
  return reply;
}

std::string batch_reply(std::span<const EventPtr> events, AfterReply after) {
  std::string body;
  append_batch_json(events, HopCount::omit, body);
  return fmt::format("HTTP/1.1 200 OK\r\n{}content-type: {}\r\ncontent-length: {}\r\n\r\n{}",
                     connection_line(after), kBatchContentType, body.size(), body);
}

std::string webhook_reply(AfterReply after) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\n{}WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n{}"
      "content-length: 0\r\n\r\n",
      kAllow, connection_line(after));
}

std::string problem_json(int status, std::string_view detail) {
  const nlohmann::ordered_json problem = {{"type", "about:blank"},
                                          {"title", reason_phrase(status)},
                                          {"status", status},
                                          {"detail", detail}};
  return problem.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string problem_reply(int status, std::string_view detail, AfterReply after, bool has_body) {
  const std::string body = problem_json(status, detail);
  std::string extra(connection_line(after));
  if (status == 405) extra += kAllow;
  extra += retry_line(status);
  return fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\n{}content-length: {}\r\n\r\n{}",
      status, reason_phrase(status), extra, body.size(), has_body ? body : "");
}

std::string page_reply(const PageAnswer& answer, AfterReply after) {
  std::string extra(connection_line(after));
  if (!answer.allow.empty()) extra += fmt::format("allow: {}\r\n", answer.allow);
  extra += retry_line(answer.status);
  return fmt::format("HTTP/1.1 {} {}\r\ncontent-type: {}\r\n{}content-length: {}\r\n\r\n{}",
                     answer.status, reason_phrase(answer.status), answer.content_type, extra,
                     answer.body.size(), answer.has_body ? answer.body : std::string_view());
}

std::string json_reply(const JsonAnswer& answer, AfterReply after) {
  PageAnswer page{answer.status, "application/json", answer.body, answer.allow};
  page.has_body = answer.has_body;
  return page_reply(page, after);
}

std::string options_reply(std::string_view allow, AfterReply after) {
  return fmt::format("HTTP/1.1 200 OK\r\nallow: {}\r\n{}content-length: 0\r\n\r\n", allow,
                     connection_line(after));
}

std::string event_stream_head(AfterReply after, bool is_chunked) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n{}{}\r\n",
      is_chunked ? "transfer-encoding: chunked\r\n" : "", connection_line(after));
}

}  // namespace sluice
