#pragma once

#include "base/result.h"
#include "event/event.h"
#include "event/event_record.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// What a KafkaSource takes a record's key for (label kafkasources.sources.knative.dev/key-type).
enum class KafkaKeyType { string, int32, floating, bytes };

/// "string", "int", "float", "byte-array". Errors: invalid_argument.
[[nodiscard]] Result<KafkaKeyType> parse_kafka_key_type(std::string_view text);

/// The key as an attribute. Big-endian numbers: an int has 4 bytes, a float 4 or 8; of another
/// length it is a string. Bytes are base64, and so is a string that no attribute can carry.
[[nodiscard]] std::string kafka_key_text(std::string_view key, KafkaKeyType type);

/// A record as a KafkaSource reads it; views.
struct KafkaSourceRecord {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  ///< Since 1970; negative: it has none.
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::span<const RecordField> fields;
};

struct KafkaEventFormat {
  std::string source;  ///< "/apis/v1/namespaces/NAMESPACE/kafkasources/NAME"
  KafkaKeyType key_type = KafkaKeyType::string;
  std::map<std::string, std::string> overrides;
};

/// The event that a record is (binary or structured mode), or is wrapped in: type
/// dev.knative.kafka.event. A record that claims to be an event and is no valid one is wrapped: it
/// is not lost. In a wrapped one each header is an extension, kafkaheader and the letters and
/// digits of its name; one whose value no attribute can carry is left out. All have
/// knativekafkapartition and knativekafkaoffset.
[[nodiscard]] EventPtr event_of_kafka_record(const KafkaSourceRecord& record,
                                             const KafkaEventFormat& format);

}  // namespace sluice
