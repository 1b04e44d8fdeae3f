// What it costs to find the triggers that an event passes: FilterIndex with N filters of which one
// matches, against asking each filter in turn, and against the floor of one hash lookup.

#include "filter/filter.h"
#include "filter/filter_index.h"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {
namespace {

EventPtr event_of_type(std::string_view type) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/shops/eu-west/1234").set("type", type);
  builder.set("subject", "orders/8f14e45f").set("time", "2024-05-01T12:34:56.789Z");
  return builder.build();
}

std::string type_of(std::size_t i) {
  return "com.example." + std::to_string(100000 + i) + ".order.created";
}

/// The dialect that a benchmark is about, and what it wants of event number i.
FilterPtr filter_of(const std::string& dialect, std::size_t i) {
  const std::string type = type_of(i);
  std::string want = type;
  if (dialect == "prefix") want = type.substr(0, 20);
  if (dialect == "suffix") want = type.substr(12);
  return compile_filter(nlohmann::json{{dialect, {{"type", want}}}}).value();
}

void index_of(benchmark::State& state, const std::string& dialect) {
  const auto count = static_cast<std::size_t>(state.range(0));
  FilterIndex index;
  for (std::size_t i = 0; i < count; ++i) {
    index.add(static_cast<FilterIndex::Id>(i), filter_of(dialect, i));
  }
  const EventPtr event = event_of_type(type_of(count / 2));
  std::vector<FilterIndex::Id> matched;
  for (auto _ : state) {
    index.match(*event, matched);
    benchmark::DoNotOptimize(matched.data());
  }
  if (matched.size() != 1) state.SkipWithError("the index did not find the one match");
}

void BM_IndexExact(benchmark::State& state) { index_of(state, "exact"); }
BENCHMARK(BM_IndexExact)->Arg(1)->Arg(100)->Arg(10000);

void BM_IndexPrefix(benchmark::State& state) { index_of(state, "prefix"); }
BENCHMARK(BM_IndexPrefix)->Arg(1)->Arg(10000);

void BM_IndexSuffix(benchmark::State& state) { index_of(state, "suffix"); }
BENCHMARK(BM_IndexSuffix)->Arg(1)->Arg(10000);

void BM_AskEachExact(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<FilterPtr> filters;
  for (std::size_t i = 0; i < count; ++i) filters.push_back(filter_of("exact", i));
  const EventPtr event = event_of_type(type_of(count / 2));
  for (auto _ : state) {
    for (const FilterPtr& filter : filters) benchmark::DoNotOptimize(filter->matches(*event));
  }
}
BENCHMARK(BM_AskEachExact)->Arg(1)->Arg(100)->Arg(10000);

void BM_FloorHashLookup(benchmark::State& state) {
  std::unordered_map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 10000; ++i) map.emplace(type_of(i), i);
  const std::string type = type_of(5000);
  for (auto _ : state) benchmark::DoNotOptimize(map.find(type));
}
BENCHMARK(BM_FloorHashLookup);

void BM_AddAndRemove(benchmark::State& state) {
  FilterIndex index;
  for (FilterIndex::Id i = 0; i < 10000; ++i) index.add(i, filter_of("exact", i));
  const FilterPtr filter = filter_of("exact", 10000);
  for (auto _ : state) {
    index.add(10000, filter);
    index.remove(10000);
  }
}
BENCHMARK(BM_AddAndRemove);

}  // namespace
}  // namespace sluice
