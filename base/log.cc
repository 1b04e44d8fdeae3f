#include "base/log.h"

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace sluice {
namespace {

/// One JSON object a line: {"time": ..., "level": ..., "line": ...}.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(record, time);
    const std::string_view level(spdlog::level::to_string_view(record.level).data(),
                                 spdlog::level::to_string_view(record.level).size());
    const nlohmann::json line = {
        {"time", std::string(time.data(), time.size())},
        {"level", level},
        {"line", std::string(record.payload.data(), record.payload.size())}};
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>();
  }

 private:
  spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%fZ", spdlog::pattern_time_type::utc, ""};
};

}  // namespace

Result<void> set_up_logging(const std::string& format, const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    return fail(Errc::invalid_argument, "unknown log level '" + level + "'");
  }
  auto logger =
      std::make_shared<spdlog::logger>("sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (format == "json") {
    logger->set_formatter(std::make_unique<JsonFormatter>());
  } else if (format == "text") {
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
  } else {
    return fail(Errc::invalid_argument, "unknown log format '" + format + "'");
  }
  logger->set_level(parsed);
  spdlog::set_default_logger(std::move(logger));
  return boost::outcome_v2::success();
}

}  // namespace sluice
