#include "event/event_http.h"

#include "base/encoding.h"
#include "base/utf8.h"
#include "event/content_encoding.h"
#include "event/core_attribute.h"
#include "event/event_json.h"
#include "event/media_type.h"
#include "event/scratch.h"
#include "event/validation.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kContentType = "content-type";

bool starts_with_lower(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() && iequals(text.substr(0, lower.size()), lower);
}

bool is_attribute_header(std::string_view name) noexcept {
  return name.size() >= 3 && name[2] == '-' && (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'e';
}

bool is_content_type_header(std::string_view name) noexcept {
  return name.size() == kContentType.size() && (name[0] | 0x20) == 'c' &&
         iequals(name, kContentType);
}

/// `text` itself where it is in lower case, else a copy in `scratch`.
std::string_view lowered(std::string_view text, Scratch& scratch) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (std::ranges::none_of(text, is_upper)) return text;
  char* const copy = scratch.take(text.size());
  std::ranges::transform(text, copy,
                         [&](char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; });
  return {copy, text.size()};
}

/// Whether a header's value may be sent on: nothing in it that could end the line.
bool is_safe_value(std::string_view value) noexcept {
  return std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

void read_passed_header(const HttpField& field, Scratch& scratch, EventBuilder& builder) {
  if (!is_passed_header(field.name) || !is_safe_value(field.value)) return;
  builder.header(lowered(field.name, scratch), field.value);
}

/// Reads the header of an event in binary mode into a builder.
class BinaryReader {
 public:
  explicit BinaryReader(EventBuilder& builder) : builder_(builder) { scratch_.clear(); }

  Result<void> read(std::span<const HttpField> fields) {
    for (const HttpField& field : fields) {
      if (is_attribute_header(field.name)) {
        SLUICE_TRY(read_attribute(field));
      } else if (is_content_type_header(field.name)) {
        SLUICE_TRY(read_content_type(field.value));
      } else {
        read_passed_header(field, scratch_, builder_);
      }
    }
    if (!has_version_) {
      return fail(Errc::invalid_argument, "attribute 'specversion' is required and missing");
    }
    return validate_required(builder_);
  }

 private:
  Result<void> read_attribute(const HttpField& field) {
    std::string_view name = field.name.substr(3);
    if (!is_attribute_name(name)) {
      name = lowered(name, scratch_);
      SLUICE_TRY(validate_name(name));
    }
    SLUICE_TRY(const std::string_view value, decoded(name, field.value));
    const CoreAttribute core = core_attribute(name);
    if (core == CoreAttribute::specversion) return read_version(value);
    if (core == CoreAttribute::datacontenttype) {
      return fail(Errc::invalid_argument,
                  "header ce-datacontenttype is not part of binary mode: 'datacontenttype' is the "
                  "header content-type");
    }
    SLUICE_TRY(validate_value(name, value));
    if (!builder_.add(name, value)) return twice("ce-" + std::string(name));
    return boost::outcome_v2::success();
  }

  Result<void> read_version(std::string_view value) {
    if (has_version_) return twice("ce-specversion");
    SLUICE_TRY(builder_.specversion, parse_specversion(value));
    has_version_ = true;
    return boost::outcome_v2::success();
  }

  Result<void> read_content_type(std::string_view value) {
    SLUICE_TRY(validate_value("datacontenttype", value));
    if (!builder_.add("datacontenttype", value)) return twice(kContentType);
    return boost::outcome_v2::success();
  }

  Result<std::string_view> decoded(std::string_view name, std::string_view value) {
    if (is_plain_header_value(value)) return value;
    char* const text = scratch_.take(value.size());
    const auto size = percent_decode_to(value, text);
    if (!size) {
      return fail(Errc::invalid_argument,
                  "attribute '" + std::string(name) + "' has " + size.error().detail);
    }
    return std::string_view(text, size.value());
  }

  static Error twice(std::string_view name) {
    return fail(Errc::invalid_argument, "header " + std::string(name) + " stands there twice");
  }

  EventBuilder& builder_;
  Scratch& scratch_ = Scratch::of_thread();
  bool has_version_ = false;
};

/// In 0.3 the body of a binary event may be base64 too; it is kept decoded.
Result<void> read_binary_data(const HttpBody& body, EventBuilder& builder) {
  builder.data(body.bytes, body.bytes.empty() ? DataKind::none : DataKind::bytes);
  SLUICE_TRY(const bool is_base64, take_content_encoding(builder));
  if (!is_base64 || body.bytes.empty()) return boost::outcome_v2::success();
  return set_base64_data("data", body.bytes, builder);
}

Result<void> read_structured(std::span<const HttpField> fields, const HttpBody& body,
                             EventBuilder& builder) {
  SLUICE_TRY(read_event_json(body, builder));
  for (const HttpField& field : fields) {
    if (is_content_type_header(field.name) && !is_utf8_charset(field.value)) {
      return fail(Errc::invalid_argument,
                  "a structured event is UTF-8, not " + in_quotes(field.value));
    }
    read_passed_header(field, Scratch::of_thread(), builder);
  }
  return boost::outcome_v2::success();
}

/// Lets the event keep the body's own buffer where most of it is data anyway.
void adopt_body(HttpBody& body, EventBuilder& builder) {
  const std::string_view data = builder.data();
  const char* const start = body.owned.get();
  if (start == nullptr || data.size() < body.owned_size / 2) return;
  const std::less_equal<> no_later;
  const bool inside =
      no_later(start, data.data()) && no_later(data.data() + data.size(), start + body.owned_size);
  if (!inside) return;
  builder.adopt(std::move(body.owned), body.owned_size, data, builder.data_kind());
}

}  // namespace

HttpMode http_mode(std::span<const HttpField> fields) noexcept {
  constexpr std::string_view kPrefix = "application/cloudevents";
  HttpMode mode = HttpMode::none;
  for (const HttpField& field : fields) {
    if (is_content_type_header(field.name)) {
      if (!starts_with_lower(field.value, kPrefix)) continue;
      const std::string_view format = bare_media_type(field.value).substr(kPrefix.size());
      if (iequals(format, "+json")) return HttpMode::structured;
      return iequals(format, "-batch+json") ? HttpMode::batch : HttpMode::unsupported;
    }
    if (is_attribute_header(field.name) && iequals(field.name.substr(3), "specversion")) {
      mode = HttpMode::binary;
    }
  }
  return mode;
}

bool is_passed_header(std::string_view name) noexcept {
  if (name.empty()) return false;
  switch (name[0] | 0x20) {
    case 'k':
      return starts_with_lower(name, "knative-");
    case 't':
      return iequals(name, "traceparent") || iequals(name, "tracestate");
    case 'x':
      return starts_with_lower(name, "x-b3-") || iequals(name, "x-request-id");
    default:
      return false;
  }
}

Result<EventPtr> event_from_http(HttpMode mode, std::span<const HttpField> fields, HttpBody& body) {
  EventBuilder builder;
  switch (mode) {
    case HttpMode::none:
      return fail(Errc::invalid_argument,
                  "no CloudEvent: attribute 'specversion' is missing (header ce-specversion), and "
                  "the content type is not application/cloudevents+json");
    case HttpMode::unsupported:
      return fail(Errc::invalid_argument,
                  "structured mode is taken as application/cloudevents+json only");
    case HttpMode::batch:
      return fail(Errc::invalid_argument, "a batch is no event: each event in it is one");
    case HttpMode::structured: {
      SLUICE_TRY(read_structured(fields, body, builder));
      break;
    }
    case HttpMode::binary: {
      SLUICE_TRY(BinaryReader(builder).read(fields));
      SLUICE_TRY(read_binary_data(body, builder));
      break;
    }
  }
  adopt_body(body, builder);
  return builder.build();
}

void append_binary_headers(const Event& event, std::string& head) {
  head += "ce-specversion: ";
  head += to_string(event.specversion());
  head += "\r\n";
  bool has_content_type = false;
  event.for_each_attribute([&](const Attribute& attribute) {
    if (attribute.name == kHops) return;
    if (attribute.name == "datacontenttype") {
      has_content_type = true;
      head += "content-type: ";
      head += attribute.value;
    } else {
      head += "ce-";
      head += attribute.name;
      head += ": ";
      append_percent_encoded(attribute.value, head);
    }
    head += "\r\n";
  });
  // The JSON format takes data without a content type to be JSON; binary mode has to say so.
  if (!has_content_type && event.data_kind() == DataKind::json) {
    head += "content-type: application/json\r\n";
  }
}

}  // namespace sluice
