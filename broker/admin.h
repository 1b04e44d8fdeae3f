#pragma once

#include "base/core_pool.h"
#include "base/result.h"
#include "base/task.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice {

/// The answer of one admin page.
struct AdminPage {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

/// The admin port: GET pages for operators and scrapers (interface.md, section 9). Every page is
/// made anew for each request, on the core that listens.
///
/// Lifecycle: construct -> add()... -> listen() -> stop() -> destroy, on one core.
class Admin {
 public:
  using MakePage = std::function<AdminPage()>;

  explicit Admin(Core& core);
  ~Admin();

  void add(std::string path, MakePage make);

  /// Binds and starts to serve. Port 0 takes a free one.
  /// Errors: unavailable when the address cannot be bound, invalid_argument when it is none.
  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);

  /// Closes the listener; completes when the last connection has ended. The core's deadlines must
  /// be in a hurry by then.
  Awaitable<void> stop();

 private:
  struct Server;

  Awaitable<void> accept();
  Awaitable<void> serve(int descriptor);

  Core& core_;
  std::map<std::string, MakePage, std::less<>> pages_;
  std::unique_ptr<Server> server_;
};

}  // namespace sluice
