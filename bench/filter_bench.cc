// What it costs to find the triggers that an event passes: FilterIndex with N filters of which one
// matches, or none, against asking each filter in turn, and against the floor of one hash lookup.
//
// items_per_second: events routed on one core. bytes_each: what the index itself takes a filter.
// each: time a filter that was asked.

#include "filter/filter.h"
#include "filter/filter_index.h"

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Filters = std::vector<FilterPtr>;

// Events of so many types, so that no figure is the luck of one.
constexpr std::size_t kTypes = 64;

EventPtr event_of_type(std::string_view type) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/shops/eu-west/1234").set("type", type);
  builder.set("subject", "orders/8f14e45f").set("time", "2024-05-01T12:34:56.789Z");
  return builder.build();
}

std::string type_of(std::size_t i) {
  return "com.example." + std::to_string(100000 + i) + ".order.created";
}

/// One that nobody wants, and that parts late from what they want at the dialect's end.
std::string unwanted_type(const std::string& dialect, std::size_t i) {
  std::string type = type_of(i);
  if (dialect == "suffix") {
    type.replace(12, 1, "x");
  } else {
    type.insert(18, "x");
  }
  return type;
}

/// `count` filters of that dialect, number i of which wants the type of event number i.
Filters filters_of(const std::string& dialect, std::size_t count) {
  Filters filters;
  for (std::size_t i = 0; i < count; ++i) {
    std::string want = type_of(i);
    if (dialect == "prefix") want = want.substr(0, 20);
    if (dialect == "suffix") want = want.substr(12);
    filters.push_back(compile_filter({{dialect, {{"type", want}}}}).value());
  }
  return filters;
}

std::size_t allocated_bytes() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Routes events of these types in turn, each of which must pass `passes` of the filters.
void route(benchmark::State& state, const Filters& filters, const std::vector<std::string>& types,
           std::size_t passes) {
  const std::size_t before = allocated_bytes();
  FilterIndex index;
  FilterIndex::Id id = 0;
  for (const FilterPtr& filter : filters) index.add(id++, filter);
  if (filters.size() > 1) {
    state.counters["bytes_each"] =
        static_cast<double>((allocated_bytes() - before) / filters.size());
  }
  std::vector<EventPtr> events;
  for (const std::string& type : types) events.push_back(event_of_type(type));
  std::vector<FilterIndex::Id> matched;
  std::size_t found = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    index.match(*events[next], matched);
    found += matched.size();
    if (++next == events.size()) next = 0;
  }
  const auto routed = static_cast<std::size_t>(state.iterations());
  state.SetItemsProcessed(state.iterations());
  if (found != routed * passes) state.SkipWithError("the index did not find what matches");
}

void BM_OneMatches(benchmark::State& state, const std::string& dialect) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> types;
  for (std::size_t i = 0; i < kTypes; ++i) types.push_back(type_of(i * count / kTypes));
  route(state, filters_of(dialect, count), types, 1);
}

void BM_NoneMatches(benchmark::State& state, const std::string& dialect) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<std::string> types;
  for (std::size_t i = 0; i < kTypes; ++i) types.push_back(unwanted_type(dialect, i));
  route(state, filters_of(dialect, count), types, 0);
}

void trigger_counts(benchmark::internal::Benchmark* bench) {
  bench->Arg(1)->Arg(100)->Arg(1000)->Arg(10000)->Arg(100000);
}
BENCHMARK_CAPTURE(BM_OneMatches, exact, "exact")->Apply(trigger_counts);
BENCHMARK_CAPTURE(BM_NoneMatches, exact, "exact")->Apply(trigger_counts);
BENCHMARK_CAPTURE(BM_OneMatches, prefix, "prefix")->Apply(trigger_counts);
BENCHMARK_CAPTURE(BM_NoneMatches, prefix, "prefix")->Apply(trigger_counts);
BENCHMARK_CAPTURE(BM_OneMatches, suffix, "suffix")->Apply(trigger_counts);
BENCHMARK_CAPTURE(BM_NoneMatches, suffix, "suffix")->Apply(trigger_counts);

/// Prefixes, or suffixes, of a hundred lengths.
void BM_HundredLengths(benchmark::State& state, const std::string& dialect) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto value_of = [&](std::size_t i) {
    const std::string longer(i % 100, 'a');
    return dialect == "prefix" ? type_of(i) + longer : longer + type_of(i);
  };
  Filters filters;
  for (std::size_t i = 0; i < count; ++i) {
    filters.push_back(compile_filter({{dialect, {{"type", value_of(i)}}}}).value());
  }
  route(state, filters, {value_of(0), value_of(50), value_of(99)}, 1);
}
BENCHMARK_CAPTURE(BM_HundredLengths, prefix, "prefix")->Arg(100)->Arg(10000);
BENCHMARK_CAPTURE(BM_HundredLengths, suffix, "suffix")->Arg(100)->Arg(10000);

/// A filter that was asked: its time, of a second.
benchmark::Counter each_of(const Filters& filters) {
  return {static_cast<double>(filters.size()),
          benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert};
}

void ask_each(benchmark::State& state, const Filters& filters, const Event& event) {
  for (auto _ : state) {
    for (const FilterPtr& filter : filters) benchmark::DoNotOptimize(filter->matches(event));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["each"] = each_of(filters);
}

void BM_AskEachExact(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  ask_each(state, filters_of("exact", count), *event_of_type(type_of(count / 2)));
}
BENCHMARK(BM_AskEachExact)->Arg(1)->Arg(100)->Arg(10000);

/// Expression number i; with five clauses, all have to be looked at.
std::string cesql(std::size_t clauses, std::size_t i) {
  const std::string number = std::to_string(i);
  if (clauses == 1) return "type = '" + type_of(i) + "'";
  return "type LIKE 'com.example.%' AND source = '/shops/eu-west/1234' AND EXISTS subject AND "
         "NOT (subject = 'orders/" +
         number + "') AND type <> 'com.example.deleted." + number + "'";
}

/// A hundred distinct expressions, asked one by one.
void BM_AskEachCesql(benchmark::State& state) {
  Filters filters;
  for (std::size_t i = 0; i < 100; ++i) {
    auto filter = compile_filter({{"cesql", cesql(static_cast<std::size_t>(state.range(0)), i)}});
    if (!filter) return state.SkipWithError(filter.error().detail.c_str());
    filters.push_back(std::move(filter).value());
  }
  ask_each(state, filters, *event_of_type(type_of(50)));
}
BENCHMARK(BM_AskEachCesql)->ArgName("clauses")->Arg(1)->Arg(5);

void BM_FloorHashLookup(benchmark::State& state) {
  std::unordered_map<std::string, std::uint32_t> map;
  for (std::uint32_t i = 0; i < 10000; ++i) map.emplace(type_of(i), i);
  const std::string type = type_of(5000);
  for (auto _ : state) benchmark::DoNotOptimize(map.find(type));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FloorHashLookup);

/// One trigger comes and goes beside 100,000.
void BM_AddAndRemove(benchmark::State& state, const std::string& dialect) {
  constexpr std::size_t kOthers = 100'000;
  const Filters filters = filters_of(dialect, kOthers + 1);
  FilterIndex index;
  for (std::size_t i = 0; i < kOthers; ++i) {
    index.add(static_cast<FilterIndex::Id>(i), filters[i]);
  }
  for (auto _ : state) {
    index.add(kOthers, filters.back());
    index.remove(kOthers);
  }
}
BENCHMARK_CAPTURE(BM_AddAndRemove, exact, "exact");
BENCHMARK_CAPTURE(BM_AddAndRemove, prefix, "prefix");
BENCHMARK_CAPTURE(BM_AddAndRemove, suffix, "suffix");

}  // namespace
}  // namespace sluice
