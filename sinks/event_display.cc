// EventDisplay (sluice.dev/v1alpha1): prints events to standard output, answers 202, never replies.
//
//   format  text (default), as Knative's event_display prints; or json, one line an event
//   action  a text in which {{ type }}, {{ data }} or {{ data.a.b }} stand for a part of the event;
//           printed behind each event as a line "ACTION: ..."

#include "sinks/event_template.h"
#include "sinks/event_text.h"
#include "sinks/sink.h"

#include <algorithm>

namespace sluice {
namespace {

class EventDisplay final : public Sink {
 public:
  EventDisplay(std::string url, EventFormat format, std::optional<EventTemplate> action)
      : url_(std::move(url)), format_(format), action_(std::move(action)) {}

  Awaitable<Attempt> send(EventPtr event, Deadline /*deadline*/) override {
    std::string text = show_event(*event, format_, HopCount::omit);
    if (action_) text += action_line(*event);
    if (auto printed = print(text); !printed) co_return failed_attempt(printed.error());
    Attempt attempt;
    attempt.status = 202;
    co_return attempt;
  }

  const std::string& url() const noexcept override { return url_; }

 private:
  // One line, whatever the event has in it.
  std::string action_line(const Event& event) const {
    std::string line = "ACTION: " + action_->render(event);
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return line + '\n';
  }

  const std::string url_;
  const EventFormat format_;
  const std::optional<EventTemplate> action_;
};

Result<EventFormat> read_format(const nlohmann::json& spec) {
  const auto found = spec.find("format");
  if (found == spec.end() || *found == "text") return EventFormat::text;
  if (*found == "json") return EventFormat::json;
  return fail(Errc::invalid_argument, "format: want text or json, not " + found->dump());
}

Result<std::optional<EventTemplate>> read_action(const nlohmann::json& spec) {
  const auto found = spec.find("action");
  if (found == spec.end()) return std::optional<EventTemplate>();
  if (!found->is_string()) return fail(Errc::invalid_argument, "action: want a string");
  auto action = EventTemplate::parse(found->get_ref<const std::string&>());
  if (!action) return fail(Errc::invalid_argument, "action: " + action.error().detail);
  return std::optional<EventTemplate>(std::move(action.value()));
}

}  // namespace

Result<SinkPtr> make_event_display(const SinkSpec& spec, std::string url) {
  SLUICE_TRY(const EventFormat format, read_format(spec.spec));
  SLUICE_TRY(std::optional<EventTemplate> action, read_action(spec.spec));
  return std::make_shared<EventDisplay>(std::move(url), format, std::move(action));
}

}  // namespace sluice
