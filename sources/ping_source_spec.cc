#include "sources/ping_source_spec.h"

#include "base/encoding.h"
#include "event/media_type.h"
#include "event/validation.h"
#include "sources/ping_settings.h"

#include <nlohmann/json.hpp>

namespace sluice {
namespace {

constexpr std::string_view kDefaultSchedule = "* * * * *";

Error bad_field(std::string_view field, std::string_view why) {
  return fail(Errc::invalid_argument, std::string(field) + ": " + std::string(why));
}

// The text of a field; empty where it is absent.
Result<std::string> text_of(const nlohmann::json& spec, const char* field) {
  const auto found = spec.find(field);
  if (found == spec.end() || found->is_null()) return std::string();
  if (!found->is_string()) return bad_field(field, "want a string");
  return found->get<std::string>();
}

Result<CronSchedule> read_schedule(const nlohmann::json& spec) {
  SLUICE_TRY(std::string expression, text_of(spec, "schedule"));
  SLUICE_TRY(const std::string timezone, text_of(spec, "timezone"));
  if (!spec.contains("schedule")) expression = kDefaultSchedule;
  auto schedule = CronSchedule::parse(expression, timezone);
  if (schedule) return schedule;
  const bool zone_is_bad = schedule.error().code == Errc::not_found && !timezone.empty();
  return bad_field(zone_is_bad ? "timezone" : "schedule", schedule.error().detail);
}

Result<void> read_data(const nlohmann::json& spec, PingSettings& settings) {
  SLUICE_TRY(settings.data, text_of(spec, "data"));
  SLUICE_TRY(const std::string encoded, text_of(spec, "dataBase64"));
  if (!settings.data.empty() && !encoded.empty()) {
    return bad_field("dataBase64", "'data' is set as well; give one of the two");
  }
  const char* field = encoded.empty() ? "data" : "dataBase64";
  if (!encoded.empty()) {
    auto decoded = base64_decode(encoded);
    if (!decoded) return bad_field(field, "not valid base64: " + decoded.error().detail);
    settings.data = std::move(decoded.value());
  }
  if (settings.data.empty()) return boost::outcome_v2::success();

  const bool is_json = nlohmann::json::accept(settings.data);
  if (is_json_media_type(settings.content_type) && !is_json) {
    return bad_field(field,
                     "not valid JSON, which contentType '" + settings.content_type + "' asks for");
  }
  // An event without datacontenttype is read as JSON where its format is JSON, so text that is
  // none must travel as bytes.
  const bool may_be_json =
      settings.content_type.empty() || is_json_media_type(settings.content_type);
  if (may_be_json) {
    settings.data_kind = is_json ? DataKind::json : DataKind::bytes;
  } else {
    settings.data_kind = encoded.empty() ? DataKind::text : DataKind::bytes;
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<PingSettings> read_ping_settings(const nlohmann::json& spec) {
  SLUICE_TRY(CronSchedule schedule, read_schedule(spec));
  PingSettings settings{std::move(schedule), {}, {}, DataKind::none};
  SLUICE_TRY(settings.content_type, text_of(spec, "contentType"));
  if (!settings.content_type.empty()) {
    if (auto valid = validate_attribute("datacontenttype", settings.content_type); !valid) {
      return bad_field("contentType", valid.error().detail);
    }
  }
  SLUICE_TRY(read_data(spec, settings));
  return settings;
}

Result<void> validate_ping_spec(const nlohmann::json& spec) {
  if (auto settings = read_ping_settings(spec); !settings) return settings.error();
  return boost::outcome_v2::success();
}

std::vector<std::string> ping_warnings(const nlohmann::json& spec) {
  std::vector<std::string> warnings;
  const auto schedule = read_schedule(spec);
  if (!schedule) return warnings;
  for (const std::string& warning : schedule.value().warnings()) {
    warnings.push_back("schedule: " + warning);
  }
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  if (!schedule.value().next(now)) {
    warnings.emplace_back("schedule: does not fire within the next five years");
  }
  return warnings;
}

}  // namespace sluice
