#pragma once

#include "base/core_pool.h"
#include "base/http_head.h"
#include "base/result.h"
#include "base/task.h"
#include "broker/request_reader.h"
#include "event/event_http.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// The answer of one admin page.
struct AdminPage {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view allow = {};  ///< With 405: the methods that the page answers.
};

/// An RFC 9457 problem.
[[nodiscard]] AdminPage problem_page(int status, std::string_view detail);

/// What was posted to a page; good until the page has answered.
struct AdminRequest {
  std::string_view query;  ///< Behind the '?', as it came; empty where there is none.
  std::span<const HttpField> fields;
  HttpBody& body;
};

/// The admin port: pages for operators and scrapers (interface.md, section 9), each answering
/// either GET and HEAD or POST. Every page is made anew for each request, on the core that listens.
///
/// Lifecycle: construct -> add()... -> listen() -> stop() -> destroy, on one core.
class Admin {
 public:
  using MakePage = std::function<AdminPage()>;
  using AnswerPost = std::function<AdminPage(const AdminRequest&)>;

  /// `limits` bounds its connections as those of the ingress.
  explicit Admin(Core& core, const IngressLimits& limits = {});
  ~Admin();

  /// A page for GET and HEAD.
  void add(std::string path, MakePage make);

  /// A page for POST. What is larger than the limits allow is refused before it is asked.
  void add_post(std::string path, AnswerPost answer);

  /// Binds and starts to serve. Port 0 takes a free one.
  /// Errors: unavailable when the address cannot be bound, invalid_argument when it is none.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);

  /// Closes the listener; completes when the last connection has ended. The core's deadlines must
  /// be in a hurry by then.
  Awaitable<void> stop();

 private:
  struct Server;
  struct Page {
    MakePage make;  // Exactly one of the two is set.
    AnswerPost answer;
  };

  Awaitable<void> accept();
  Awaitable<void> serve(int descriptor);
  Awaitable<bool> serve_one(RequestReader& reader);
  [[nodiscard]] std::optional<AdminPage> answer_early(const RequestHead& head) const;
  [[nodiscard]] AdminPage answer_post(RequestReader& reader) const;

  Core& core_;
  const IngressLimits limits_;
  std::map<std::string, Page, std::less<>> pages_;
  std::unique_ptr<Server> server_;
};

}  // namespace sluice
