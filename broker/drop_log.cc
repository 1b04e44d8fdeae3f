#include "broker/drop_log.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kLineEvery{1};

}  // namespace

void DropLog::add(const Drop& drop) {
  const auto now = steady_clock::now();
  if (now < next_line_) {
    ++unreported_;
    return;
  }
  next_line_ = now + kLineEvery;
  const std::string_view hint = drop.has_dead_letter_sink
                                    ? "the dead letter sink did not take it either"
                                    : "set delivery.deadLetterSink to keep such events";
  spdlog::warn(
      "delivery.dropped subscription={}/{} event_id={} target={} status={} error=\"{}\" "
      "unreported={} hint=\"{}\"",
      ns_, name_, drop.event.id(), drop.target.url(), drop.last.status, drop.last.detail,
      std::exchange(unreported_, 0), hint);
}

void DropLog::flush() {
  if (unreported_ == 0) return;
  spdlog::warn("delivery.dropped subscription={}/{} unreported={}", ns_, name_,
               std::exchange(unreported_, 0));
}

}  // namespace sluice
