#include "event/event_record.h"

#include "base/utf8.h"
#include "event/content_encoding.h"
#include "event/core_attribute.h"
#include "event/event_http.h"
#include "event/event_json.h"
#include "event/json_scanner.h"
#include "event/media_type.h"
#include "event/scratch.h"
#include "event/validation.h"

#include <boost/container/small_vector.hpp>

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view kPrefix = "ce_";
constexpr std::string_view kVersion = "ce_specversion";
constexpr std::string_view kContentType = "content-type";
constexpr std::string_view kEventType = "application/cloudevents";
constexpr std::string_view kStructured = "application/cloudevents+json";
// "data=json", "NAME=i", "NAME=b", separated by ';'. Attribute names have neither '=' nor ';'.
constexpr std::string_view kKinds = "sluice-kinds";
constexpr std::string_view kDataIs = "data=";

/// The views that are written into a record's `texts`, which must not move any more then.
class RecordWriter {
 public:
  RecordWriter(const Event& event, EventRecord& record) : record_(record) {
    std::size_t bytes = 64;  // More than a short string: the characters stay where they are.
    event.for_each_attribute([&](const Attribute& attribute) {
      bytes += kPrefix.size() + attribute.name.size();
      if (attribute.type != AttributeType::string) bytes += attribute.name.size() + 3;
    });
    record_.texts.reserve(bytes);
  }

  void add(std::string_view name, std::string_view value) {
    record_.fields.push_back({name, value});
  }

  void add(const Attribute& attribute) {
    if (attribute.name == "datacontenttype") return add(kContentType, attribute.value);
    if (attribute.name == "partitionkey") record_.key = attribute.value;
    const std::size_t start = record_.texts.size();
    record_.texts += kPrefix;
    record_.texts += attribute.name;
    add(std::string_view(record_.texts).substr(start), attribute.value);
  }

  /// What strings alone do not tell of `event`.
  void add_kinds(const Event& event) {
    const std::size_t start = record_.texts.size();
    event.for_each_attribute([&](const Attribute& attribute) {
      if (attribute.type == AttributeType::string) return;
      record_.texts += attribute.name;
      record_.texts += attribute.type == AttributeType::integer ? "=i;" : "=b;";
    });
    if (event.data_kind() == DataKind::json && !says_json(event)) record_.texts += "data=json;";
    if (event.data_kind() == DataKind::text) record_.texts += "data=text;";
    std::string_view kinds = std::string_view(record_.texts).substr(start);
    if (kinds.empty()) return;
    kinds.remove_suffix(1);
    add(kKinds, kinds);
  }

 private:
  static bool says_json(const Event& event) {
    const auto type = event.attribute("datacontenttype");
    return type && is_json_media_type(*type);
  }

  EventRecord& record_;
};

Error twice(std::string_view name) {
  return fail(Errc::invalid_argument, "field " + in_quotes(name) + " stands there twice");
}

/// Reads the fields of an event in binary mode into a builder.
class RecordReader {
 public:
  explicit RecordReader(EventBuilder& builder) : builder_(builder) {}

  Result<void> read(std::span<const RecordField> fields) {
    Scratch::of_thread().clear();
    for (const RecordField& field : fields) {
      if (field.name.starts_with(kPrefix)) {
        SLUICE_TRY(read_attribute(field.name.substr(kPrefix.size()), field.value));
      } else if (field.name == kContentType) {
        SLUICE_TRY(read_attribute("datacontenttype", field.value));
      } else if (field.name == kKinds) {
        kinds_ = field.value;
      } else if (is_passed_header(field.name) && check_text(field.value).fault == TextFault::none) {
        builder_.header(field.name, field.value);
      }
    }
    SLUICE_TRY(validate_required(builder_));
    set_types();
    return boost::outcome_v2::success();
  }

  /// What the bytes are, as far as that is so.
  [[nodiscard]] DataKind kind_of(std::string_view data) const {
    const std::size_t at = kinds_.find(kDataIs);
    const bool told = at == 0 || (at != std::string_view::npos && kinds_[at - 1] == ';');
    if (!told) return DataKind::bytes;
    const std::string_view kind = kinds_.substr(at + kDataIs.size());
    if (kind.starts_with("text") && is_utf8(data)) return DataKind::text;
    if (kind.starts_with("json") && JsonScanner::is_json(data)) return DataKind::json;
    return DataKind::bytes;
  }

 private:
  Result<void> read_attribute(std::string_view name, std::string_view value) {
    SLUICE_TRY(validate_name_of(name));
    if (core_attribute(name) == CoreAttribute::specversion) {
      SLUICE_TRY(builder_.specversion, parse_specversion(value));
      return boost::outcome_v2::success();
    }
    SLUICE_TRY(validate_value(name, value));
    if (!builder_.add(name, value)) return twice(name);
    return boost::outcome_v2::success();
  }

  static Result<void> validate_name_of(std::string_view name) {
    if (is_attribute_name(name) || name == "specversion") return boost::outcome_v2::success();
    return validate_name(name);
  }

  /// An integer or a boolean is only what reads as one.
  void set_types() {
    std::string_view rest = kinds_;
    while (!rest.empty()) {
      const std::string_view item = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      if (item.size() < 3 || item.starts_with(kDataIs)) continue;
      const Attribute* const known = builder_.find(item.substr(0, item.size() - 2));
      if (known == nullptr) continue;
      if (item.ends_with("=i") && is_integer(known->value)) {
        builder_.set(known->name, known->value, AttributeType::integer);
      } else if (item.ends_with("=b") && (known->value == "true" || known->value == "false")) {
        builder_.set(known->name, known->value, AttributeType::boolean);
      }
    }
  }

  static bool is_integer(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) return false;
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  }

  EventBuilder& builder_;
  std::string_view kinds_;
};

Result<void> set_data(std::optional<std::string_view> data, const RecordReader& reader,
                      EventBuilder& builder) {
  SLUICE_TRY(const bool is_base64, take_content_encoding(builder));
  if (!data) return boost::outcome_v2::success();
  if (is_base64) return set_base64_data("data", *data, builder);
  builder.data(*data, reader.kind_of(*data));
  return boost::outcome_v2::success();
}

Result<EventPtr> read_structured(std::span<const RecordField> fields, std::string_view data) {
  boost::container::small_vector<HttpField, 16> headers;
  for (const RecordField& field : fields) headers.push_back({field.name, field.value});
  HttpBody body;
  body.bytes = data;
  const std::span<const HttpField> views(headers.data(), headers.size());
  return event_from_http(http_mode(views), views, body);
}

bool says_event(const RecordField& field) noexcept {
  return field.name == kContentType && field.value.size() >= kEventType.size() &&
         iequals(field.value.substr(0, kEventType.size()), kEventType);
}

/// An event whose data is an event: in binary mode its content type would say that the record is
/// the inner one.
EventRecord structured_record_of(const Event& event) {
  EventRecord record;
  record.fields.push_back({kContentType, kStructured});
  event.for_each_header([&](const PassedHeader& header) {
    record.fields.push_back({header.name, header.value});
  });
  record.texts.reserve(64);  // As above.
  append_event_json(event, HopCount::keep, record.texts);
  record.data = record.texts;
  record.key = event.attribute("partitionkey");
  return record;
}

}  // namespace

EventRecord record_of(const Event& event) {
  if (event.attribute("datacontenttype").has_value() &&
      says_event({kContentType, *event.attribute("datacontenttype")})) {
    return structured_record_of(event);
  }
  EventRecord record;
  RecordWriter writer(event, record);
  writer.add(kVersion, to_string(event.specversion()));
  event.for_each_attribute([&](const Attribute& attribute) { writer.add(attribute); });
  event.for_each_header([&](const PassedHeader& header) { writer.add(header.name, header.value); });
  writer.add_kinds(event);
  if (event.data_kind() != DataKind::none) record.data = event.data();
  return record;
}

bool is_event_record(std::span<const RecordField> fields) noexcept {
  return std::ranges::any_of(
      fields, [](const RecordField& field) { return field.name == kVersion || says_event(field); });
}

Result<EventPtr> event_from_record(std::span<const RecordField> fields,
                                   std::optional<std::string_view> data) {
  if (std::ranges::any_of(fields, says_event)) {
    return read_structured(fields, data.value_or(std::string_view()));
  }
  const bool has_version =
      std::ranges::any_of(fields, [](const RecordField& field) { return field.name == kVersion; });
  if (!has_version) {
    return fail(Errc::invalid_argument, "no CloudEvent: field 'ce_specversion' is missing");
  }
  EventBuilder builder;
  RecordReader reader(builder);
  SLUICE_TRY(reader.read(fields));
  SLUICE_TRY(set_data(data, reader, builder));
  return builder.build();
}

}  // namespace sluice
