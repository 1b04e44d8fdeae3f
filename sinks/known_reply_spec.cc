#include "sinks/known_reply_spec.h"

#include "event/validation.h"
#include "sinks/event_template.h"
#include "sinks/sink_spec.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {
namespace {

// More choices than this are not told apart: what they fill in is left open.
constexpr std::size_t kMostChoices = 256;

/// Open in each reply, whoever makes it: the cause says it, or the Broker that takes it.
constexpr std::string_view kOpen[] = {"id",          "causeid",    "causesource", "partitionkey",
                                      "traceparent", "tracestate", kArrivalTime,  kHops};
/// And in that of a model.
constexpr std::string_view kOpenInCompletions[] = {"subject",      "time",     "inferencemodel",
                                                   "finishreason", "tokensin", "tokensout"};

/// Collects a reply; keeps the texts that its builder has views of.
class Reply {
 public:
  Reply() { reply_.open.assign(std::begin(kOpen), std::end(kOpen)); }

  void set(std::string_view name, std::string value) {
    std::erase(reply_.open, name);
    texts_.push_back(std::make_unique<std::string>(std::move(value)));
    builder_.set(name, *texts_.back());
  }

  void leave_open(std::string_view name) {
    if (!reply_.is_open(name)) reply_.open.emplace_back(name);
  }

  void set_data(KnownReply::Data data) { reply_.data = data; }

  KnownReply build() {
    for (const std::string_view name : {"id", "source", "type"}) {
      if (builder_.find(name) == nullptr || builder_.find(name)->value.empty()) {
        builder_.set(name, "open");
      }
    }
    reply_.event = builder_.build();
    return std::move(reply_);
  }

 private:
  KnownReply reply_;
  EventBuilder builder_;
  std::vector<std::unique_ptr<std::string>> texts_;
};

Reply completion() {
  Reply reply;
  for (const std::string_view name : kOpenInCompletions) reply.leave_open(name);
  return reply;
}

/// What `text` becomes beside `choice`; nullopt where it depends on more than that.
std::optional<std::string> rendered(const std::string& text, const std::string* choice) {
  const auto parsed = EventTemplate::parse(text, EventTemplate::Places::with_output);
  if (!parsed || parsed.value().depends_on_event()) return std::nullopt;
  if (choice == nullptr && parsed.value().depends_on_output()) return std::nullopt;
  static const EventPtr nothing = known_wrapped_reply().event;
  return parsed.value().render(*nothing, choice == nullptr ? std::string_view() : *choice);
}

bool depends_on_output(const InferenceSinkSpec& spec) {
  std::vector<const std::string*> texts = {&spec.reply_type, &spec.reply_source,
                                           &spec.reply_subject};
  for (const auto& [name, text] : spec.reply_extensions) texts.push_back(&text);
  return std::ranges::any_of(texts, [](const std::string* text) {
    const auto parsed = EventTemplate::parse(*text, EventTemplate::Places::with_output);
    return parsed && parsed.value().depends_on_output();
  });
}

KnownReply::Data data_of(const InferenceSinkSpec& spec) {
  if (spec.reply_data == ReplyData::completion) return KnownReply::Data::completion;
  return spec.schema.empty() ? KnownReply::Data::text : KnownReply::Data::unknown;
}

/// nullopt where the type is not known, or is none.
std::optional<KnownReply> reply_of(const InferenceSinkSpec& spec, const std::string* choice) {
  Reply reply = completion();
  const auto set = [&](std::string_view name, const std::string& text) {
    const auto value = rendered(text, choice);
    if (!value) reply.leave_open(name);
    if (value && !value->empty()) reply.set(name, *value);
    return value;
  };
  const auto type = set("type", spec.reply_type);
  if (!type || !validate_value("type", *type)) return std::nullopt;
  set("source", spec.reply_source.empty() ? "/" + spec.ns + "/inferencesinks/" + spec.name
                                          : spec.reply_source);
  if (!spec.reply_subject.empty()) set("subject", spec.reply_subject);
  const KnownReply::Data data = data_of(spec);
  const bool is_text = data == KnownReply::Data::text;
  reply.set("datacontenttype", is_text ? "text/plain; charset=utf-8" : "application/json");
  reply.set_data(data);
  for (const auto& [name, text] : spec.reply_extensions) set(name, text);
  return reply.build();
}

}  // namespace

bool is_asked_by_data(const InferenceSinkSpec& spec) noexcept { return spec.user_prompt.empty(); }

bool KnownReply::is_open(std::string_view attribute) const noexcept {
  return std::ranges::find(open, attribute) != open.end();
}

KnownReply known_reply(const InferenceServiceSpec& spec) {
  Reply reply = completion();
  reply.set("source", "/" + spec.ns + "/inferenceservices/" + spec.name);
  reply.set("type", std::string(kCompletionType));
  reply.set("datacontenttype", "application/json");
  reply.set_data(KnownReply::Data::completion);
  return reply.build();
}

std::vector<KnownReply> known_replies(const InferenceSinkSpec& spec) {
  std::vector<const std::string*> outputs = {nullptr};
  const bool tells = spec.choices.size() <= kMostChoices && depends_on_output(spec);
  if (tells && !spec.choices.empty()) {
    outputs.clear();
    for (const std::string& choice : spec.choices) outputs.push_back(&choice);
  }
  std::vector<KnownReply> replies;
  for (const std::string* output : outputs) {
    if (auto reply = reply_of(spec, output)) replies.push_back(std::move(*reply));
  }
  return replies;
}

KnownReply known_wrapped_reply() {
  Reply reply;
  reply.leave_open("source");
  reply.leave_open("datacontenttype");
  reply.set("type", std::string(kPlainReplyType));
  return reply.build();
}

}  // namespace sluice
