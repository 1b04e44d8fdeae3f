// EventDisplay (sluice.dev/v1alpha1): prints events to standard output, answers 202 when they are
// written, never replies.
//
//   format  text (default), as Knative's event_display prints; or json, one line an event
//   action  a text in which {{ type }}, {{ data }} or {{ data.a.b }} stand for a part of the event;
//           printed behind each event as a line "ACTION: ..."

#include "base/output.h"
#include "sinks/event_display_settings.h"
#include "sinks/sink.h"

#include <algorithm>

namespace sluice {
namespace {

class EventDisplay final : public Sink {
 public:
  EventDisplay(std::string url, EventDisplaySettings settings)
      : url_(std::move(url)), settings_(std::move(settings)) {}

  Awaitable<Attempt> send(EventPtr event, Deadline deadline) override {
    std::string text = show_event(*event, settings_.format, HopCount::omit);
    if (settings_.action) text += action_line(*event);
    auto printed = co_await standard_output().write(*Core::current(), std::move(text), deadline);
    co_return attempt_of(std::move(printed));
  }

  const std::string& url() const noexcept override { return url_; }

 private:
  static Attempt attempt_of(Result<void> printed) {
    Attempt attempt;
    attempt.status = 202;
    if (printed) return attempt;
    Error error = std::move(printed).error();
    error.detail.insert(0, "standard output: ");
    attempt = failed_attempt(error);
    if (error.code == Errc::deadline_exceeded) attempt.status = 0;  // As a subscriber's silence.
    return attempt;
  }

  // One line, whatever the event has in it.
  std::string action_line(const Event& event) const {
    std::string line = "ACTION: " + settings_.action->render(event);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return line + '\n';
  }

  const std::string url_;
  const EventDisplaySettings settings_;
};

}  // namespace

Result<SinkPtr> make_event_display(const SinkSpec& spec, std::string url) {
  SLUICE_TRY(EventDisplaySettings settings, read_event_display_settings(spec.spec));
  return std::make_shared<EventDisplay>(std::move(url), std::move(settings));
}

}  // namespace sluice
