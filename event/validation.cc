#include "event/validation.h"

#include "base/rfc3339.h"
#include "base/utf8.h"
#include "event/core_attribute.h"
#include "event/media_type.h"
#include "event/uri.h"

#include <algorithm>
#include <string>

namespace sluice {
namespace {

Error bad(std::string_view name, std::string_view why) {
  return fail(Errc::invalid_argument, "attribute '" + std::string(name) + "' " + std::string(why));
}

Error bad(std::string_view name, std::string_view why, std::string_view value) {
  return bad(name, std::string(why) + ": " + in_quotes(value));
}

Result<void> check_characters(std::string_view name, std::string_view value) {
  const TextCheck check = check_text(value);
  const std::string at = " at byte " + std::to_string(check.position);
  switch (check.fault) {
    case TextFault::none:
      return boost::outcome_v2::success();
    case TextFault::not_utf8:
      return bad(name, "is not UTF-8" + at, value);
    case TextFault::control:
      return bad(name, "holds a control character" + at, value);
    case TextFault::non_character:
      return bad(name, "holds a Unicode non-character" + at, value);
  }
  return boost::outcome_v2::success();
}

bool is_not_blank(std::string_view value) noexcept {
  return !value.empty() && (value[0] > 0x20 || !is_blank(value));
}

bool is_datacontenttype(std::string_view value) noexcept {
  return value == "application/json" || is_media_type(value);
}

/// What is wrong with `value` for the attribute besides its characters; empty where nothing is.
std::string_view fault_of(CoreAttribute attribute, std::string_view value) noexcept {
  switch (attribute) {
    case CoreAttribute::id:
    case CoreAttribute::type:
    case CoreAttribute::subject:
      return is_not_blank(value) ? "" : "is blank";
    case CoreAttribute::source:
      return is_event_uri_reference(value) ? "" : "is not a URI-reference";
    case CoreAttribute::time:
      return is_rfc3339(value) ? ""
                               : "is not an RFC 3339 timestamp (want e.g. 2026-11-20T14:45:00Z)";
    case CoreAttribute::dataschema:
      return is_event_uri(value) ? "" : "is not an absolute URI";
    case CoreAttribute::datacontenttype:
      return is_datacontenttype(value) ? "" : "is not a media type";
    case CoreAttribute::specversion:
    case CoreAttribute::none:
      break;
  }
  return "";
}

constexpr bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_attribute_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, is_name_char) &&
         !is_same(name, "data");
}

Result<void> validate_name(std::string_view name) {
  if (is_attribute_name(name)) return boost::outcome_v2::success();
  if (name.empty()) return fail(Errc::invalid_argument, "an attribute name is empty");
  if (is_same(name, "data")) {
    return fail(Errc::invalid_argument, "'data' is no attribute name: it is the event's data");
  }
  if (!std::ranges::all_of(name, is_name_char)) {
    return fail(Errc::invalid_argument, "attribute name " + in_quotes(name) +
                                            " may hold only lower-case letters and digits");
  }
  return fail(Errc::invalid_argument, "attribute name " + in_quotes(name) + " is longer than " +
                                          std::to_string(kMaxNameBytes) + " characters");
}

Result<void> validate_value(std::string_view name, std::string_view value) {
  if (!is_printable_ascii(value)) {
    SLUICE_TRY(check_characters(name, value));
  }
  const std::string_view fault = fault_of(core_attribute(name), value);
  if (fault.empty()) return boost::outcome_v2::success();
  return is_blank(value) ? bad(name, "is blank") : bad(name, fault, value);
}

Result<void> validate_attribute(std::string_view name, std::string_view value) {
  SLUICE_TRY(validate_name(name));
  return validate_value(name, value);
}

Result<void> validate_required(const EventBuilder& builder) {
  for (const std::string_view name : {"id", "source", "type"}) {
    if (builder.find(name) == nullptr) return bad(name, "is required and missing");
  }
  if (builder.size() > kMaxAttributes) {
    return fail(Errc::invalid_argument, "the event has " + std::to_string(builder.size()) +
                                            " attributes; at most " +
                                            std::to_string(kMaxAttributes) + " are taken");
  }
  if (builder.specversion != SpecVersion::v0_3) return boost::outcome_v2::success();
  for (const std::string_view name : {"schemaurl", "datacontentencoding"}) {
    const Attribute* const attribute = builder.find(name);
    const bool is_string = attribute == nullptr || attribute->type == AttributeType::string;
    if (!is_string) return bad(name, "must be a string");
  }
  const Attribute* const schema = builder.find("schemaurl");
  if (schema != nullptr && !is_event_uri_reference(schema->value)) {
    return bad("schemaurl", "is not a URI-reference", schema->value);
  }
  return boost::outcome_v2::success();
}

Result<SpecVersion> parse_specversion(std::string_view text) {
  if (text == "1.0") return SpecVersion::v1_0;
  if (text == "0.3") return SpecVersion::v0_3;
  return bad("specversion", "is neither 1.0 nor 0.3", text);
}

}  // namespace sluice
