#pragma once

#include "base/resolver.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace sluice {

/// Stands for the system's resolver: every name is 127.0.0.1, but those under ".invalid" are not
/// known. A held name is answered when the test lets it go. Owned by whoever still asks it.
class FakeNames {
 public:
  /// Options that ask `names`.
  static ResolverOptions options(const std::shared_ptr<FakeNames>& names) {
    ResolverOptions options;
    options.look_up = [names](const std::string& name) { return names->look_up(name); };
    return options;
  }

  void hold(const std::string& name) {
    const std::lock_guard lock(mutex_);
    held_.insert(name);
  }

  void release(const std::string& name) {
    const std::lock_guard lock(mutex_);
    held_.erase(name);
    changed_.notify_all();
  }

  /// Waits until `count` lookups have begun; their names in order.
  std::vector<std::string> wait_for_lookups(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= count; });
    return asked_;
  }

  /// The names that were asked for until now.
  [[nodiscard]] std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  Result<Addresses> look_up(const std::string& name) {
    std::unique_lock lock(mutex_);
    asked_.push_back(name);
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_.contains(name); });
    if (name.ends_with(".invalid")) {
      return fail(Errc::unavailable, "cannot resolve " + name + ": unknown");
    }
    return Addresses{boost::asio::ip::address_v4::loopback()};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> held_;
  std::vector<std::string> asked_;
};

}  // namespace sluice
