#pragma once

#include "sinks/sink.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice {

/// Answers of the ingress by status, counted: sluice_ingress_events_total{code}. A batch counts
/// once where it is refused, else as often as it has events.
class IngressCounters {
 public:
  static constexpr std::array<int, 14> kCodes = {202, 200, 400, 404, 405, 408, 413,
                                                 414, 415, 429, 431, 500, 503, 504};
  void count(int code, std::uint64_t events = 1) noexcept;
  [[nodiscard]] std::uint64_t at(std::size_t index) const noexcept {
    return counts_[index].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kCodes.size()> counts_{};
};

/// One addressable resource.
struct Route {
  std::string path;  ///< "/default/orders"
  SinkPtr sink;
  std::string kind;  ///< The metric's label: broker, channel, sequence, parallel, sink; none.
  std::string ns;
  std::string name;
  IngressCounters counters;
};

/// From a request's path to the resource it addresses. Filled before the first connection, then
/// only read, from every core.
class RoutingTable {
 public:
  RoutingTable();

  /// Errors: invalid_argument when the path is taken.
  Result<void> add(std::string path, SinkPtr sink, std::string kind, std::string ns,
                   std::string name);

  /// The route that a request target addresses, or null. A query string and one trailing slash are
  /// ignored, as are the scheme and authority of an absolute-form target.
  [[nodiscard]] Route* find(std::string_view target) const noexcept;

  [[nodiscard]] SinkPtr sink_at(const std::string& path) const;

  /// Counts what addressed nothing.
  [[nodiscard]] Route& unknown() const noexcept { return *unknown_; }

  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [path, route] : routes_) visit(*route);
    visit(*unknown_);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::unique_ptr<Route>, Hash, std::equal_to<>> routes_;
  std::unique_ptr<Route> unknown_;
};

/// The path of a request target, without query and one trailing slash.
[[nodiscard]] std::string_view path_of(std::string_view target) noexcept;

}  // namespace sluice
