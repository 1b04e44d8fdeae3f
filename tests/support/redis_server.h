#pragma once

#include "base/result.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

namespace sluice {

/// A redis-server of the test's own: on a free port of 127.0.0.1, with a data folder of its own
/// that goes with it, ended by its process id with this object, or with the test program.
class RedisServer {
 public:
  /// Completes when it takes connections. `options` as on its command line, e.g. "--appendonly",
  /// "yes". Errors: unavailable, with the reason, where there is no redis-server.
  [[nodiscard]] static Result<std::unique_ptr<RedisServer>> start(
      std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "redis://127.0.0.1:PORT"; `user` e.g. ":secret@".
  [[nodiscard]] std::string address(const std::string& user = "") const;

  /// kill -9, and waits for its end.
  void kill();
  /// The same server again, with what its data folder holds.
  void start_again();
  /// It stands still, as on a machine that does, and goes on.
  void stop_clock() const;
  void go_on() const;

  /// What redis-cli prints for this command; `user` as above, with a name: it wants one.
  std::string cli(const std::vector<std::string>& words, const std::string& user = "") const;

 private:
  explicit RedisServer(std::vector<std::string> options);
  bool launch();

  std::vector<std::string> options_;
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  int output_ = -1;
};

}  // namespace sluice
