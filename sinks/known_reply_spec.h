#pragma once

#include "event/event.h"
#include "sinks/inference_spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What is known of an event that a subscriber answers with, before there is one. It has no
/// attributes but those of `event` and of `open`.
struct KnownReply {
  enum class Data { text, completion, unknown };

  EventPtr event;                 ///< Has what is known by value.
  std::vector<std::string> open;  ///< What may be anything, or absent; its value here says nothing.
  Data data = Data::unknown;

  [[nodiscard]] bool is_open(std::string_view attribute) const noexcept;
};

/// Whether the data of an event is what asks it: a text does, a completion is refused.
[[nodiscard]] bool is_asked_by_data(const InferenceSinkSpec& spec) noexcept;

/// What an InferenceService answers with.
[[nodiscard]] KnownReply known_reply(const InferenceServiceSpec& spec);

/// What an InferenceSink answers with: one for each of its choices where the reply's texts have
/// {{ output }}. Empty where the type depends on more than that, or is refused.
[[nodiscard]] std::vector<KnownReply> known_replies(const InferenceSinkSpec& spec);

/// What `sluice.dev/plain-reply: wrap` makes of an answer that is no event.
[[nodiscard]] KnownReply known_wrapped_reply();

}  // namespace sluice
