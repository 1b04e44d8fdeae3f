#pragma once

#include "base/metrics.h"
#include "broker/admin.h"
#include "cli/house.h"

#include <atomic>

namespace sluice {

/// What the admin port shows of a running house: health, readiness, metrics, version, resources,
/// and which Triggers take an event (interface.md, section 9).
class AdminPages {
 public:
  explicit AdminPages(const House& house);

  /// Adds every page to `admin`, which must not outlive this.
  void add_to(Admin& admin);

  void set_ready(bool ready) noexcept { ready_.store(ready, std::memory_order_relaxed); }
  void set_draining() noexcept { draining_.store(true, std::memory_order_relaxed); }

 private:
  void add_ingress_metrics();
  void add_dispatch_metrics();
  void add_channel_and_source_metrics();
  [[nodiscard]] AdminPage readiness() const;
  [[nodiscard]] AdminPage resources() const;

  const House& house_;
  Metrics metrics_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> draining_{false};
};

}  // namespace sluice
