#include "broker/routing_table.h"

#include <algorithm>

namespace sluice {

void IngressCounters::count(int code, std::uint64_t events) noexcept {
  const auto it = std::ranges::find(kCodes, code);
  if (it == kCodes.end()) return;
  counts_[static_cast<std::size_t>(it - kCodes.begin())].fetch_add(events,
                                                                   std::memory_order_relaxed);
}

RoutingTable::RoutingTable() : unknown_(std::make_unique<Route>()) { unknown_->kind = "none"; }

Result<void> RoutingTable::add(std::string path, SinkPtr sink, std::string kind, std::string ns,
                               std::string name) {
  auto route = std::make_unique<Route>();
  route->path = std::move(path);
  route->sink = std::move(sink);
  route->kind = std::move(kind);
  route->ns = std::move(ns);
  route->name = std::move(name);
  const std::string& key = route->path;
  if (routes_.contains(key)) {
    return fail(Errc::invalid_argument, "two resources have the address " + key);
  }
  routes_.emplace(key, std::move(route));
  return boost::outcome_v2::success();
}

std::string_view path_of(std::string_view target) noexcept {
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto slash = target.find('/', target.find("//") + 2);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find('?'));
  if (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
  return target;
}

Route* RoutingTable::find(std::string_view target) const noexcept {
  const auto it = routes_.find(path_of(target));
  return it == routes_.end() ? nullptr : it->second.get();
}

SinkPtr RoutingTable::sink_at(const std::string& path) const {
  const auto it = routes_.find(path);
  return it == routes_.end() ? nullptr : it->second->sink;
}

}  // namespace sluice
