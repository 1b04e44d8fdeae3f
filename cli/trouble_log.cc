#include "cli/trouble_log.h"

#include <spdlog/spdlog.h>

namespace sluice {
namespace {

constexpr std::chrono::seconds kLookEvery{1};
constexpr std::chrono::seconds kPatience{4};

}  // namespace

Awaitable<void> TroubleLog::watch() {
  while (!stopping_) {
    look();
    co_await clock_.wait(group_.core(), std::chrono::steady_clock::now() + kLookEvery);
  }
}

Awaitable<void> TroubleLog::stop() {
  stopping_ = true;
  clock_.notify_all();
  co_await group_.join();
}

void TroubleLog::look() {
  const auto now = std::chrono::steady_clock::now();
  std::map<std::string, Known> found;
  for (Trouble& trouble : troubles_of(house_)) {
    if (trouble.what == "InferenceService") continue;  // Its loading has lines of its own.
    std::string key = std::string(trouble.what) + "=" + trouble.ns + "/" + trouble.name;
    const auto before = known_.find(key);
    Known& known = found[std::move(key)];
    if (before != known_.end()) {
      known = before->second;
    } else {
      known.since = now;
    }
    known.detail = std::move(trouble.detail);
  }
  for (auto& [key, known] : found) {
    if (known.detail == known.said || now - known.since < kPatience) continue;
    spdlog::warn("backend.trouble {} error=\"{}\"", key, known.detail);
    known.said = known.detail;
  }
  for (const auto& [key, known] : known_) {
    if (!found.contains(key) && !known.said.empty()) spdlog::info("backend.well {}", key);
  }
  known_ = std::move(found);
}

}  // namespace sluice
