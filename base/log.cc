#include "base/log.h"

#include <nlohmann/json.hpp>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <unistd.h>

#include <climits>
#include <memory>
#include <mutex>

namespace sluice {
namespace {

/// Standard error, without ever waiting for whoever reads it: a line for which there is no room now
/// is counted and left out. Lines are cut to what a pipe takes in one piece.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& record) override {
    spdlog::memory_buf_t line;
    formatter_->format(record, line);
    if (left_out_ > 0) {
      const std::string note = "log.left_out lines=" + std::to_string(left_out_) + "\n";
      if (!write({note.data(), note.size()})) {
        ++left_out_;
        return;
      }
      left_out_ = 0;
    }
    if (!write({line.data(), line.size()})) ++left_out_;
  }

  void flush_() override {}

  static bool write(std::string_view line) {
    pollfd room{STDERR_FILENO, POLLOUT, 0};  // With a pipe: for PIPE_BUF bytes at least.
    if (::poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0) return false;
    std::string cut;
    if (line.size() > PIPE_BUF) {
      cut = line.substr(0, PIPE_BUF - 4);
      line = cut += "...\n";
    }
    return ::write(STDERR_FILENO, line.data(), line.size()) >= 0;
  }

  std::uint64_t left_out_ = 0;
};

/// The fields of a line of ours: "event.word key=value key=\"quoted value\" rest". What is no
/// key=value is the message.
nlohmann::ordered_json fields_of(std::string_view line) {
  nlohmann::ordered_json fields;
  const std::size_t word = std::min(line.find(' '), line.size());
  fields["event"] = line.substr(0, word);
  line.remove_prefix(word);
  while (line.starts_with(' ')) {
    const std::size_t equals = line.find('=');
    const std::size_t blank = line.find(' ', 1);
    if (equals == std::string_view::npos || equals > blank) break;
    const std::string key(line.substr(1, equals - 1));
    line.remove_prefix(equals + 1);
    const bool quoted = line.starts_with('"');
    const std::size_t end = quoted ? line.find("\" ", 1) : line.find(' ');
    const std::size_t size = end == std::string_view::npos ? line.size() : end + (quoted ? 1 : 0);
    std::string_view value = line.substr(0, size);
    if (quoted && value.size() > 1) value = value.substr(1, value.size() - 2);
    fields[key] = value;
    line.remove_prefix(size);
  }
  if (line.size() > 1) fields["message"] = line.substr(1);
  return fields;
}

/// One JSON object a line: "time", "level", "event", and the line's own fields as strings.
class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(record, time);
    const std::string_view level(spdlog::level::to_string_view(record.level).data(),
                                 spdlog::level::to_string_view(record.level).size());
    nlohmann::ordered_json line = {{"time", std::string(time.data(), time.size())},
                                   {"level", level}};
    line.update(fields_of({record.payload.data(), record.payload.size()}));
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
  auto logger = std::make_shared<spdlog::logger>("sluice", std::make_shared<StderrSink>());
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
