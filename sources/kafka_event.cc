#include "sources/kafka_event.h"

#include "base/encoding.h"
#include "base/rfc3339.h"
#include "event/validation.h"

#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <deque>

namespace sluice {
namespace {

constexpr std::string_view kType = "dev.knative.kafka.event";
constexpr std::string_view kHeader = "kafkaheader";
constexpr std::string_view kContentType = "content-type";

template <typename Number>
Number big_endian(std::string_view bytes) noexcept {
  Number number = 0;
  for (const char c : bytes) {
    number = static_cast<Number>(number << 8U) | static_cast<unsigned char>(c);
  }
  return number;
}

/// A number as Java prints it: with a point.
std::string float_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

bool is_attribute_value(std::string_view name, std::string_view value) {
  return validate_value(name, value).has_value();
}

/// "kafkaheader" and what of `name` an attribute's name may have.
std::string header_attribute(std::string_view name) {
  std::string text(kHeader);
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) text += c;
  }
  if (text.size() > kMaxNameBytes) text.resize(kMaxNameBytes);
  return text;
}

/// Collects an event; keeps the texts that its builder has views of.
class Wrapping {
 public:
  void set(std::string_view name, std::string value, AttributeType type = AttributeType::string) {
    builder.set(name, texts_.emplace_back(std::move(value)), type);
  }

  void set_header(const RecordField& field) {
    if (field.name == kContentType && is_attribute_value("datacontenttype", field.value)) {
      builder.set("datacontenttype", field.value);
      return;
    }
    const std::string& name = texts_.emplace_back(header_attribute(field.name));
    // Room for the extensions that every event gets.
    if (builder.size() + 8 > kMaxAttributes || !is_attribute_value(name, field.value)) return;
    builder.set(name, field.value);
  }

  void set_position(const KafkaSourceRecord& record) {
    set("knativekafkapartition", std::to_string(record.partition), AttributeType::integer);
    set("knativekafkaoffset", std::to_string(record.offset));  // An integer has 32 bits.
  }

  void override_with(const std::map<std::string, std::string>& extensions) {
    for (const auto& [name, value] : extensions) builder.set(name, value);
  }

  EventBuilder builder;

 private:
  std::deque<std::string> texts_;
};

EventPtr wrap(const KafkaSourceRecord& record, const KafkaEventFormat& format) {
  Wrapping wrapping;
  wrapping.set("id", fmt::format("partition:{}/offset:{}", record.partition, record.offset));
  wrapping.set("source", fmt::format("{}#{}", format.source, record.topic));
  wrapping.builder.set("type", kType);
  wrapping.set("subject", fmt::format("partition:{}#{}", record.partition, record.offset));
  if (record.timestamp_ms >= 0) {
    const std::chrono::system_clock::time_point when{
        std::chrono::milliseconds(record.timestamp_ms)};
    wrapping.set("time", format_rfc3339(when));
  }
  if (record.key) {
    const auto type = format.key_type == KafkaKeyType::int32 && record.key->size() == 4
                          ? AttributeType::integer
                          : AttributeType::string;
    const std::string key = kafka_key_text(*record.key, format.key_type);
    wrapping.set("key", key, type);
    wrapping.set("partitionkey", key, type);
  }
  for (const RecordField& field : record.fields) wrapping.set_header(field);
  wrapping.set_position(record);
  wrapping.override_with(format.overrides);
  if (record.value) wrapping.builder.data(*record.value, DataKind::bytes);
  return wrapping.builder.build();
}

}  // namespace

Result<KafkaKeyType> parse_kafka_key_type(std::string_view text) {
  if (text == "string") return KafkaKeyType::string;
  if (text == "int") return KafkaKeyType::int32;
  if (text == "float") return KafkaKeyType::floating;
  if (text == "byte-array") return KafkaKeyType::bytes;
  return fail(Errc::invalid_argument,
              "'" + std::string(text) + "' is none of string, int, float, byte-array");
}

std::string kafka_key_text(std::string_view key, KafkaKeyType type) {
  if (type == KafkaKeyType::int32 && key.size() == 4) {
    return std::to_string(static_cast<std::int32_t>(big_endian<std::uint32_t>(key)));
  }
  if (type == KafkaKeyType::floating && key.size() == 4) {
    return float_text(std::bit_cast<float>(big_endian<std::uint32_t>(key)));
  }
  if (type == KafkaKeyType::floating && key.size() == 8) {
    return float_text(std::bit_cast<double>(big_endian<std::uint64_t>(key)));
  }
  if (type == KafkaKeyType::bytes || !is_attribute_value("key", key)) return base64_encode(key);
  return std::string(key);
}

EventPtr event_of_kafka_record(const KafkaSourceRecord& record, const KafkaEventFormat& format) {
  if (!is_event_record(record.fields)) return wrap(record, format);
  const auto event = event_from_record(record.fields, record.value);
  if (!event) return wrap(record, format);
  Wrapping passing;
  passing.builder = EventBuilder::copy_of(*event.value());
  passing.set_position(record);
  passing.override_with(format.overrides);
  return passing.builder.build();
}

}  // namespace sluice
