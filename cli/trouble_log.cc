#include "cli/trouble_log.h"

#include <spdlog/spdlog.h>

namespace sluice {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

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
  std::map<std::string, std::string> now;
  for (Trouble& trouble : troubles_of(house_)) {
    if (trouble.what == "InferenceService") continue;  // Its loading has lines of its own.
    const std::string key = std::string(trouble.what) + "=" + trouble.ns + "/" + trouble.name;
    now.emplace(key, std::move(trouble.detail));
  }
  for (const auto& [key, detail] : now) {
    const auto known = known_.find(key);
    if (known == known_.end()) spdlog::warn("backend.trouble {} error=\"{}\"", key, detail);
  }
  for (const auto& [key, detail] : known_) {
    if (!now.contains(key)) spdlog::info("backend.well {}", key);
  }
  known_ = std::move(now);
}

}  // namespace sluice
