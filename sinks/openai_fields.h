#pragma once

#include "base/result.h"
#include "inference/completion_request.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Requests keep the order of their keys: tools and schemas are shown to the model in it.
using RequestJson = nlohmann::ordered_json;

/// Parses JSON of bounded depth and width: whoever walks it recurses, and a key is searched among
/// all of its object. Of a key that stands twice the last counts.
/// Errors: invalid_argument.
[[nodiscard]] Result<RequestJson> parse_request_json(std::string_view text);

/// The same of a request's body, which is an object.
[[nodiscard]] Result<RequestJson> parse_request_object(std::string_view text);

/// "prompt: is missing"
[[nodiscard]] Error refusal(std::string_view field, std::string_view why);

/// "temperature: want 0 to 2, not 7". `value` is shown cut short.
[[nodiscard]] Error bad_field(std::string_view field, std::string_view wanted,
                              const RequestJson& value);

/// The value of `key`; null where it is absent or null, which are the same in this API.
[[nodiscard]] const RequestJson* given(const RequestJson& object, std::string_view key);

/// The members of `object` by name, as `path` calls it; an absent one changes nothing.
/// Errors of all: invalid_argument, naming the field.
[[nodiscard]] Result<void> read_flag(const RequestJson& object, const std::string& key, bool& into);
[[nodiscard]] Result<void> read_flag(const RequestJson& object, const std::string& key,
                                     std::optional<bool>& into);
[[nodiscard]] Result<void> read_text(const RequestJson& object, const std::string& key,
                                     std::string& into);

/// A list of texts, none of them empty, and not empty itself.
[[nodiscard]] Result<std::vector<std::string>> texts_from(const RequestJson& value,
                                                          std::string_view field);

/// What chat, completions, an InferenceSink and KServe's parameters share: temperature, top_p,
/// top_k, min_p, penalties, max_tokens, max_thinking_tokens, seed, stop. `into` keeps what is not
/// named.
[[nodiscard]] Result<void> read_sampling(const RequestJson& object,
                                         inference::CompletionRequest& into);

/// Refuses the fields that would change the answer and cannot be done, unless their value asks for
/// what happens anyway (n: 1, echo: false, ...).
[[nodiscard]] Result<void> refuse_unsupported(const RequestJson& object);

/// response_format, structured_outputs, guided_json and guided_choice; at most one of them.
[[nodiscard]] Result<void> read_output_constraint(const RequestJson& object,
                                                  inference::OutputConstraint& into);

/// messages. They are at least one.
[[nodiscard]] Result<std::vector<inference::ChatMessage>> messages_from(const RequestJson& object);

/// tools, as JSON each; none where tool_choice is "none".
[[nodiscard]] Result<std::vector<std::string>> tools_from(const RequestJson& object);

}  // namespace sluice
