#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Seconds, in buckets from 1 ms to 60 s. observe() may be called from any core. Holds no bucket
/// before the first observation.
class Histogram {
 public:
  Histogram() = default;
  ~Histogram() { delete counts_.load(); }
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  static constexpr std::array<double, 14> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                     0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 60.0};

  void observe(double seconds);

 private:
  friend class MetricSeries;
  struct Counts {
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets{};
    std::atomic<std::uint64_t> nanoseconds{0};
  };
  Counts& counts();

  std::atomic<Counts*> counts_{nullptr};  // Set once.
};

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

/// Writes the series of one family.
class MetricSeries {
 public:
  MetricSeries(std::string_view family, std::string& out) : family_(family), out_(out) {}

  void value(std::initializer_list<MetricLabel> labels, double value);
  /// Left out while nothing was observed.
  void histogram(std::initializer_list<MetricLabel> labels, const Histogram& histogram);

 private:
  std::string_view family_;
  std::string& out_;
};

enum class MetricType { counter, gauge, histogram };

/// What /metrics shows, in Prometheus' text format 0.0.4. Values stay where they are counted; this
/// registry only knows whom to ask, so the hot path never sees it and an idle resource costs it
/// nothing. Thread safe.
class Metrics {
 public:
  using Collect = std::function<void(MetricSeries&)>;

  /// `collect` is called for every scrape, on the scraping thread, until the registry is gone.
  void add(std::string name, std::string help, MetricType type, Collect collect);

  [[nodiscard]] std::string to_text() const;

 private:
  struct Family {
    std::string name;
    std::string help;
    MetricType type;
    Collect collect;
  };

  mutable std::mutex mutex_;
  std::vector<Family> families_;
};

}  // namespace sluice
