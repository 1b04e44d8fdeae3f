// What a filter on data costs: one range on data of 1.2 kB, checked when it came or not yet, and a
// hundred filters on the same event, which is read once for all of them.

#include "filter/filter.h"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t kEvents = 64;  // In turn, so that each is new to the filter.

std::string order_data() {
  nlohmann::json items = nlohmann::json::array();
  for (int i = 0; i < 14; ++i) {
    items.push_back({{"sku", "A-" + std::to_string(100000 + i)},
                     {"name", "a thing of some kind"},
                     {"quantity", i},
                     {"price", 12.5 * i}});
  }
  const nlohmann::json data = {
      {"customer", {{"email", "someone@example.com"}, {"name", "Some One"}}},
      {"items", items},
      {"order", {{"id", "8f14e45f"}, {"status", "paid"}, {"total", 250.75}}}};
  return data.dump();
}

std::vector<EventPtr> events(DataKind kind) {
  const std::string data = order_data();
  std::vector<EventPtr> out;
  for (std::size_t i = 0; i < kEvents; ++i) {
    EventBuilder builder;
    builder.set("id", "1").set("source", "/shop").set("type", "com.example.order");
    builder.set("datacontenttype", "application/json").data(data, kind);
    out.push_back(builder.build());
  }
  return out;
}

FilterPtr data_filter(const nlohmann::json& argument) {
  return compile_filter({{"data", argument}}).value();
}

void one_range(benchmark::State& state, DataKind kind) {
  const FilterPtr filter = data_filter({{"order.total", {{"numeric", {">", "100", "<=", "500"}}}}});
  const auto all = events(kind);
  std::size_t i = 0;
  bool passes = true;
  for (auto _ : state) {
    passes = filter->matches(*all[i++ % kEvents]) && passes;
  }
  if (!passes) state.SkipWithError("an order was not found");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(all[0]->data().size()));
}

void BM_DataChecked(benchmark::State& state) { one_range(state, DataKind::json); }
BENCHMARK(BM_DataChecked);

void BM_DataUnchecked(benchmark::State& state) { one_range(state, DataKind::bytes); }
BENCHMARK(BM_DataUnchecked);

void BM_DataHundredFilters(benchmark::State& state) {
  std::vector<FilterPtr> filters;
  for (int i = 0; i < 100; ++i) {
    filters.push_back(
        data_filter({{"order.total", {{"numeric", {">", std::to_string(1000 + i)}}}}}));
  }
  const auto all = events(DataKind::bytes);
  std::size_t i = 0;
  for (auto _ : state) {
    const Event& event = *all[i++ % kEvents];
    for (const FilterPtr& filter : filters) benchmark::DoNotOptimize(filter->matches(event));
  }
}
BENCHMARK(BM_DataHundredFilters);

}  // namespace
}  // namespace sluice
