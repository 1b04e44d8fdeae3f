#pragma once

#include "base/core_pool.h"
#include "base/host_port.h"
#include "base/result.h"
#include "sinks/event_text.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

/// What `sluice display` does with what it receives.
struct DisplayOptions {
  HostPort listen{"127.0.0.1", 8082};
  EventFormat format = EventFormat::text;
  int status = 202;
  std::string reply;  ///< A structured-mode event; empty: no reply.
  std::chrono::milliseconds delay{0};
};

/// A subscriber that prints what it receives and answers always the same. All on one core.
/// Lifecycle: construct -> listen() -> run().
class DisplayServer {
 public:
  DisplayServer(Core& core, DisplayOptions options);
  ~DisplayServer();
  DisplayServer(const DisplayServer&) = delete;
  DisplayServer& operator=(const DisplayServer&) = delete;

  /// Binds, and takes SIGINT and SIGTERM for run(). The answer is the address, with the port that
  /// was taken for port 0.
  /// Errors: unavailable, naming the address.
  [[nodiscard]] Result<HostPort> listen();

  /// Serves until SIGINT or SIGTERM. Blocks.
  void run();

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

/// The reply for one request: the event in `json`, with a new id where it has none.
/// Errors: invalid_argument, naming what makes it no event.
[[nodiscard]] Result<EventPtr> make_reply(const std::string& json);

}  // namespace sluice
