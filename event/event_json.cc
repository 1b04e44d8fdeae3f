#include "event/event_json.h"

#include "base/encoding.h"
#include "base/utf8.h"
#include "event/content_encoding.h"
#include "event/core_attribute.h"
#include "event/json_scanner.h"
#include "event/json_text.h"
#include "event/media_type.h"
#include "event/scratch.h"
#include "event/validation.h"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

Error bad_member(std::string_view name, std::string_view why) {
  return fail(Errc::invalid_argument, "'" + std::string(name) + "' " + std::string(why));
}

Error twice(std::string_view name) {
  return fail(Errc::invalid_argument, "member " + in_quotes(name) + " stands there twice");
}

std::string_view kind_of(std::string_view value) noexcept {
  switch (value.front()) {
    case '{':
      return "an object";
    case '[':
      return "an array";
    case '"':
      return "a string";
    case 't':
    case 'f':
      return "a boolean";
    case 'n':
      return "null";
    default:
      return "a number";
  }
}

bool is_integer(std::string_view number) noexcept {
  return number.find_first_not_of("-0123456789") == std::string_view::npos;
}

/// Reads the members of one event into a builder.
class EventReader {
 public:
  explicit EventReader(EventBuilder& builder) : builder_(builder) { scratch_.clear(); }

  Result<void> read(std::string_view text) {
    SLUICE_TRY(scanner_.open_object(text));
    JsonMember member;
    while (true) {
      SLUICE_TRY(const bool more, scanner_.next(member));
      if (!more) break;
      SLUICE_TRY(const std::string_view name, unescaped(member.name, "a member name"));
      SLUICE_TRY(read_member(name, member.value));
    }
    if (!has_version_) return bad_member("specversion", "is required and missing");
    SLUICE_TRY(validate_required(builder_));
    return read_data();
  }

 private:
  Result<std::string_view> unescaped(std::string_view raw, std::string_view name) {
    if (!scanner_.has_escapes() || raw.find('\\') == std::string_view::npos) return raw;
    auto text = unescape_json(raw, scratch_.take(raw.size()));
    if (!text) return bad_member(name, text.error().detail);
    return text;
  }

  /// What stands in a JSON string, of which `value` is known to be one.
  Result<std::string_view> string_in(std::string_view name, std::string_view value) {
    return unescaped(value.substr(1, value.size() - 2), name);
  }

  Result<void> read_member(std::string_view name, std::string_view value) {
    if (is_same(name, "data")) return keep(data_, name, value);
    if (is_same(name, "data_base64")) return keep(data_base64_, name, value);
    if (is_same(name, "specversion")) return read_version(value);
    SLUICE_TRY(validate_name(name));
    // Names of null members are few, if any: this is no loop in practice.
    const bool was_null = std::ranges::find(nulls_, name) != nulls_.end();
    if (value.front() == 'n') {
      if (was_null || builder_.find(name) != nullptr) return twice(name);
      if (nulls_.size() == kMaxAttributes) return bad_member(name, "is one null member too many");
      nulls_.push_back(name);
      return boost::outcome_v2::success();
    }
    AttributeType type = AttributeType::string;
    SLUICE_TRY(const std::string_view text, read_value(name, value, type));
    if (was_null || !builder_.add(name, text, type)) return twice(name);
    if (builder_.size() > kMaxAttributes) return validate_required(builder_);
    return boost::outcome_v2::success();
  }

  static Result<void> keep(std::string_view& slot, std::string_view name, std::string_view value) {
    if (!slot.empty()) return twice(name);
    slot = value;
    return boost::outcome_v2::success();
  }

  Result<void> read_version(std::string_view value) {
    if (has_version_) return twice("specversion");
    if (value.front() != '"') return bad_member("specversion", "is not a string");
    SLUICE_TRY(const std::string_view text, string_in("specversion", value));
    SLUICE_TRY(builder_.specversion, parse_specversion(text));
    has_version_ = true;
    return boost::outcome_v2::success();
  }

  /// The string form of an attribute's value, validated, and its type.
  Result<std::string_view> read_value(std::string_view name, std::string_view value,
                                      AttributeType& type) {
    if (value.front() == '"') {
      SLUICE_TRY(const std::string_view text, string_in(name, value));
      SLUICE_TRY(validate_value(name, text));
      return text;
    }
    if (core_attribute(name) != CoreAttribute::none) {
      return bad_member(name, "is " + std::string(kind_of(value)) + "; it must be a string");
    }
    switch (value.front()) {
      case 't':
      case 'f':
        type = AttributeType::boolean;
        return value;
      case '{':
      case '[':
        return bad_member(name, "is " + std::string(kind_of(value)) +
                                    "; an attribute is a string, an integer or a boolean");
      default:
        break;
    }
    type = AttributeType::integer;
    if (!is_integer(value)) return bad_member(name, "is a number that is no integer");
    std::int32_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc()) return bad_member(name, "is an integer outside 32 bits");
    return number == 0 ? "0" : value;  // "-0" is written "0".
  }

  Result<void> read_data() {
    if (data_base64_ == "null") data_base64_ = {};
    const bool is_old = builder_.specversion == SpecVersion::v0_3;
    if (!data_base64_.empty() && is_old) {
      return bad_member("data_base64", "is not part of 0.3: use 'datacontentencoding'");
    }
    if (!data_base64_.empty() && !data_.empty()) {
      return bad_member("data", "and 'data_base64' exclude each other");
    }
    if (!data_base64_.empty()) return read_base64("data_base64", data_base64_);
    SLUICE_TRY(const bool is_base64, take_content_encoding(builder_));
    if (is_base64) {
      if (!data_.empty() && data_ != "null") return read_base64("data", data_);
      data_ = {};
    }
    if (data_.empty()) return boost::outcome_v2::success();
    const Attribute* const content_type = builder_.find("datacontenttype");
    const bool is_text =
        data_.front() == '"' && content_type != nullptr && !is_json_media_type(content_type->value);
    if (!is_text) {
      builder_.data(data_, DataKind::json);
      return boost::outcome_v2::success();
    }
    SLUICE_TRY(const std::string_view text, string_in("data", data_));
    builder_.data(text, DataKind::text);
    return boost::outcome_v2::success();
  }

  Result<void> read_base64(std::string_view name, std::string_view value) {
    if (value.front() != '"') {
      return bad_member(name, "is " + std::string(kind_of(value)) + "; want base64 in a string");
    }
    SLUICE_TRY(const std::string_view text, string_in(name, value));
    return set_base64_data(name, text, builder_);
  }

  EventBuilder& builder_;
  Scratch& scratch_ = Scratch::of_thread();
  JsonScanner scanner_;
  bool has_version_ = false;
  std::string_view data_;  // Raw; empty until it came.
  std::string_view data_base64_;
  boost::container::small_vector<std::string_view, 4> nulls_;
};

std::string_view trimmed(std::string_view json) noexcept {
  const std::size_t start = json.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return json.substr(start, json.find_last_not_of(" \t\r\n") - start + 1);
}

enum class DataForm { raw, string, base64 };

/// How bytes that came without a JSON event around them are shown in one.
DataForm form_of_bytes(std::string_view data, std::string_view content_type, HopCount hops) {
  if (is_json_media_type(content_type)) {
    const bool keeps_bytes = hops == HopCount::omit || trimmed(data).size() == data.size();
    return keeps_bytes && JsonScanner::is_json(data) ? DataForm::raw : DataForm::base64;
  }
  const bool is_text = content_type.size() > 5 && iequals(content_type.substr(0, 5), "text/") &&
                       is_utf8_charset(content_type);
  return is_text && is_utf8(data) ? DataForm::string : DataForm::base64;
}

DataForm form_of(const Event& event, std::string_view content_type, HopCount hops) {
  switch (event.data_kind()) {
    case DataKind::json:
      return DataForm::raw;
    case DataKind::text: {
      // Without a content type, or with a JSON one, the string would be read as JSON.
      const bool is_string =
          !content_type.empty() && !is_json_media_type(content_type) && is_utf8(event.data());
      if (is_string) return DataForm::string;
      break;
    }
    default:
      break;
  }
  return form_of_bytes(event.data(), content_type, hops);
}

void append_data(const Event& event, HopCount hops, std::string& out) {
  if (event.data_kind() == DataKind::none) return;
  const std::string_view content_type = event.attribute("datacontenttype").value_or("");
  switch (form_of(event, content_type, hops)) {
    case DataForm::raw:
      out += ",\"data\":";
      out += event.data();
      return;
    case DataForm::string:
      out += ",\"data\":";
      append_json_string(event.data(), out);
      return;
    case DataForm::base64:
      out += event.specversion() == SpecVersion::v0_3
                 ? ",\"datacontentencoding\":\"base64\",\"data\":\""
                 : ",\"data_base64\":\"";
      append_base64(event.data(), out);
      out += '"';
  }
}

}  // namespace

Result<void> read_event_json(const HttpBody& body, EventBuilder& builder) {
  return EventReader(builder).read(body.bytes);
}

void append_event_json(const Event& event, HopCount hops, std::string& out) {
  out += "{\"specversion\":\"";
  out += to_string(event.specversion());
  out += '"';
  event.for_each_attribute([&](const Attribute& attribute) {
    if (hops == HopCount::omit && attribute.name == kHops) return;
    out += ",\"";
    out += attribute.name;
    out += "\":";
    if (attribute.type == AttributeType::string) {
      append_json_string(attribute.value, out);
    } else {
      out += attribute.value;
    }
  });
  append_data(event, hops, out);
  out += '}';
}

}  // namespace sluice
