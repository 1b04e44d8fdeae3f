// What reading and writing one event costs, without sockets: the headers are views already, as the
// HTTP parser leaves them. The events are those of the load tests: 8 attributes and content type
// around 256 bytes of JSON (638 bytes on the wire in binary mode, 569 structured).
//
// The ceilings beside them: copying the same bytes into one fresh allocation, for binary mode; and
// simdjson's DOM over the same padded bytes, for structured mode.

#include "event/event_http.h"
#include "event/event_json.h"

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace sluice {
namespace {

constexpr std::array<HttpField, 11> kFields = {
    {{"Host", "127.0.0.1:8080"},
     {"ce-specversion", "1.0"},
     {"ce-type", "com.example.order.created.v1"},
     {"ce-source", "/shops/eu-west/1234"},
     {"ce-id", "b1f6d8f2-7a3e-4c5b-9d0e-1122334455aa"},
     {"ce-time", "2024-05-01T12:34:56.789Z"},
     {"ce-subject", "orders/8f14e45f"},
     {"ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
     {"content-type", "application/json"},
     {"Content-Length", "256"},
     {"Connection", "keep-alive"}}};

constexpr std::array<HttpField, 1> kStructuredFields = {
    {{"content-type", "application/cloudevents+json"}}};

std::string json_data(std::size_t size) {
  std::string data = R"({"orderId":"8f14e45f-ceea-4e7a-9a3b","amount":1299,"currency":"EUR",)"
                     R"("items":[{"sku":"A-100","qty":2},{"sku":"B-7","qty":1}],"pad":")";
  data.append(size - data.size() - 2, 'x');
  return data + "\"}";
}

std::string structured(std::size_t data_size) {
  std::string text = "{";
  for (const auto& [name, value] : kFields) {
    if (!name.starts_with("ce-")) continue;
    text += '"' + std::string(name.substr(3)) + "\":\"" + std::string(value) + "\",";
  }
  return text + R"("datacontenttype":"application/json","data":)" + json_data(data_size) + "}";
}

/// `bytes` with the room behind them that the readers may look at.
class Padded {
 public:
  explicit Padded(std::string bytes) : size_(bytes.size()), bytes_(std::move(bytes)) {
    bytes_.resize(size_ + simdjson::SIMDJSON_PADDING);
  }
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

EventPtr read_one(std::span<const HttpField> fields, std::string_view bytes) {
  HttpBody body;
  body.bytes = bytes;
  auto event = event_from_http(http_mode(fields), fields, body);
  return event ? std::move(event).value() : nullptr;
}

void set_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
}

void BM_ReadBinary(benchmark::State& state) {
  const Padded data(json_data(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(read_one(kFields, data.view()));
  set_bytes(state, data.view().size());
}
BENCHMARK(BM_ReadBinary)->Arg(256)->Arg(1024)->Arg(16384);

void BM_CeilingCopyBinary(benchmark::State& state) {
  const std::string data = json_data(256);
  for (auto _ : state) {
    std::size_t size = data.size();
    for (const HttpField& field : kFields) size += field.name.size() + field.value.size();
    const auto copy = std::make_unique_for_overwrite<char[]>(size);
    char* end = copy.get();
    const auto put = [&end](std::string_view text) {
      std::memcpy(end, text.data(), text.size());
      end += text.size();
    };
    for (const HttpField& field : kFields) {
      put(field.name);
      put(field.value);
    }
    put(data);
    benchmark::DoNotOptimize(copy.get());
  }
}
BENCHMARK(BM_CeilingCopyBinary);

void BM_ReadStructured(benchmark::State& state) {
  const Padded text(structured(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(read_one(kStructuredFields, text.view()));
  set_bytes(state, text.view().size());
}
BENCHMARK(BM_ReadStructured)->Arg(256)->Arg(1024)->Arg(16384)->Arg(1 << 20);

void BM_CeilingDomStructured(benchmark::State& state) {
  const Padded text(structured(static_cast<std::size_t>(state.range(0))));
  simdjson::dom::parser parser;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parser.parse(text.view().data(), text.view().size(), false).error());
  }
  set_bytes(state, text.view().size());
}
BENCHMARK(BM_CeilingDomStructured)->Arg(256)->Arg(1024)->Arg(16384)->Arg(1 << 20);

void BM_WriteBinary(benchmark::State& state) {
  const Padded data(json_data(256));
  const EventPtr event = read_one(kFields, data.view());
  std::string head;
  for (auto _ : state) {
    head.clear();
    append_binary_headers(*event, head);
    benchmark::DoNotOptimize(head.data());
  }
}
BENCHMARK(BM_WriteBinary);

void BM_WriteStructured(benchmark::State& state) {
  const Padded data(json_data(256));
  const EventPtr event = read_one(kFields, data.view());
  std::string text;
  for (auto _ : state) {
    text.clear();
    append_event_json(*event, HopCount::omit, text);
    benchmark::DoNotOptimize(text.data());
  }
}
BENCHMARK(BM_WriteStructured);

}  // namespace
}  // namespace sluice
