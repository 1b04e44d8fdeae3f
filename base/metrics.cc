#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

namespace sluice {
namespace {

constexpr std::string_view type_name(MetricType type) noexcept {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      break;
  }
  return "histogram";
}

std::string render(std::initializer_list<MetricLabel> labels) {
  std::string text;
  for (const MetricLabel& label : labels) {
    if (!text.empty()) text += ',';
    text += label.name;
    text += "=\"";
    for (const char c : label.value) {
      if (c == '\\' || c == '"') text += '\\';
      if (c == '\n') {
        text += "\\n";
      } else {
        text += c;
      }
    }
    text += '"';
  }
  return text;
}

std::string braced(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

}  // namespace

Histogram::Counts& Histogram::counts() {
  Counts* counts = counts_.load(std::memory_order_acquire);
  if (counts != nullptr) return *counts;
  auto fresh = std::make_unique<Counts>();
  // Another core may have been first; then `counts` is what it made.
  if (counts_.compare_exchange_strong(counts, fresh.get(), std::memory_order_acq_rel)) {
    return *fresh.release();
  }
  return *counts;
}

void Histogram::observe(double seconds) {
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  Counts& into = counts();
  into.buckets[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  into.nanoseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e9), std::memory_order_relaxed);
}

void MetricSeries::value(std::initializer_list<MetricLabel> labels, double value) {
  fmt::format_to(std::back_inserter(out_), "{}{} {}\n", family_, braced(render(labels)), value);
}

void MetricSeries::histogram(std::initializer_list<MetricLabel> labels,
                             const Histogram& histogram) {
  const Histogram::Counts* const counts = histogram.counts_.load(std::memory_order_acquire);
  if (counts == nullptr) return;
  const auto out = std::back_inserter(out_);
  const std::string text = render(labels);
  const std::string_view comma = text.empty() ? "" : ",";
  std::array<std::uint64_t, Histogram::kBounds.size() + 1> running{};
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < running.size(); ++i) {
    total += counts->buckets[i].load(std::memory_order_relaxed);
    running[i] = total;
  }
  for (std::size_t i = 0; i < running.size(); ++i) {
    const bool last = i == Histogram::kBounds.size();
    fmt::format_to(out, "{}_bucket{{{}{}le=\"{}\"}} {}\n", family_, text, comma,
                   last ? "+Inf" : fmt::format("{}", Histogram::kBounds[i]), running[i]);
  }
  const auto sum = counts->nanoseconds.load(std::memory_order_relaxed);
  fmt::format_to(out, "{0}_sum{1} {2}\n{0}_count{1} {3}\n", family_, braced(text),
                 static_cast<double>(sum) / 1e9, total);
}

void Metrics::add(std::string name, std::string help, MetricType type, Collect collect) {
  const std::lock_guard lock(mutex_);
  families_.push_back({std::move(name), std::move(help), type, std::move(collect)});
}

std::string Metrics::to_text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const Family& family : families_) {
    fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n", family.name,
                   family.help, type_name(family.type));
    MetricSeries series(family.name, text);
    family.collect(series);
  }
  return text;
}

}  // namespace sluice
