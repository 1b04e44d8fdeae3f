#pragma once

#include "base/result.h"
#include "event/event.h"
#include "sources/cron.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace sluice {

/// A PingSource's own fields, read.
struct PingSettings {
  CronSchedule schedule;
  std::string content_type;  ///< Empty: the events have no datacontenttype.
  std::string data;          ///< The bytes, dataBase64 decoded.
  DataKind data_kind = DataKind::none;
};

/// Reads schedule, timezone, contentType, data and dataBase64.
/// Errors: invalid_argument; the detail starts with the name of the field.
[[nodiscard]] Result<PingSettings> read_ping_settings(const nlohmann::json& spec);

}  // namespace sluice
