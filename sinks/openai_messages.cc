// messages and tools of a chat-completions request, as the chat template takes them.

#include "inference/python_json.h"
#include "sinks/openai_fields.h"

namespace sluice {
namespace {

using Json = RequestJson;
using inference::ChatMessage;
using inference::ChatRole;
using inference::ToolCall;

std::string item(const std::string& list, std::size_t index) {
  return list + "[" + std::to_string(index) + "]";
}

/// A text, or the texts of a list of parts put together.
Result<std::string> content_from(const Json& value, const std::string& place) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return bad_field(place, "a text or a list of text parts", value);
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Json& part = value[i];
    const Json* const type = part.is_object() ? given(part, "type") : nullptr;
    if (type == nullptr) return bad_field(item(place, i), "a text part", part);
    if (*type != "text") {
      return bad_field(item(place, i) + ".type", "text (the model reads nothing else)", *type);
    }
    const Json* const words = given(part, "text");
    if (words == nullptr || !words->is_string()) {
      return bad_field(item(place, i), "a text part with its text", part);
    }
    text += words->get_ref<const std::string&>();
  }
  return text;
}

Result<ToolCall> tool_call_from(const Json& value, const std::string& place) {
  const Json* const function = value.is_object() ? given(value, "function") : nullptr;
  if (function == nullptr || !function->is_object()) {
    return bad_field(place, "an object with a function", value);
  }
  ToolCall call;
  const Json* const name = given(*function, "name");
  if (name == nullptr || !name->is_string()) {
    return refusal(place + ".function.name", "want a text");
  }
  call.name = name->get<std::string>();
  const Json* const arguments = given(*function, "arguments");
  const std::string at = place + ".function.arguments";
  if (arguments == nullptr) {
    call.arguments = "{}";
  } else if (arguments->is_string()) {
    call.arguments = arguments->get<std::string>();
  } else if (arguments->is_object()) {
    auto text = inference::to_python_json(arguments->dump());
    if (!text) return refusal(at, text.error().detail);
    call.arguments = std::move(text).value();
  } else {
    return bad_field(at, "JSON as a text, or an object", *arguments);
  }
  return call;
}

Result<void> read_assistant(const Json& turn, const std::string& place, ChatMessage& into) {
  if (const Json* const reasoning = given(turn, "reasoning_content")) {
    if (!reasoning->is_string()) {
      return bad_field(place + ".reasoning_content", "a text", *reasoning);
    }
    into.reasoning_content = reasoning->get<std::string>();
  }
  const Json* const calls = given(turn, "tool_calls");
  if (calls == nullptr) return boost::outcome_v2::success();
  const std::string list = place + ".tool_calls";
  if (!calls->is_array()) return bad_field(list, "a list", *calls);
  for (std::size_t i = 0; i < calls->size(); ++i) {
    SLUICE_TRY(auto call, tool_call_from((*calls)[i], item(list, i)));
    into.tool_calls.push_back(std::move(call));
  }
  return boost::outcome_v2::success();
}

Result<ChatMessage> turn_from(const Json& turn, const std::string& place) {
  if (!turn.is_object()) return bad_field(place, "an object with role and content", turn);
  const Json* const role = given(turn, "role");
  if (role == nullptr) return refusal(place + ".role", "is missing");
  const std::string name = role->is_string() ? role->get<std::string>() : "";
  const auto known = inference::chat_role_from(name == "developer" ? "system" : name);
  if (!known) {
    return bad_field(place + ".role", "system, developer, user, assistant or tool", *role);
  }
  ChatMessage read;
  read.role = *known;
  const bool is_assistant = *known == ChatRole::assistant;
  if (const Json* const content = given(turn, "content")) {
    SLUICE_TRY(read.content, content_from(*content, place + ".content"));
  } else if (!is_assistant) {
    return bad_field(place + ".content", "a text or a list of text parts", Json());
  }
  if (is_assistant) {
    SLUICE_TRY(read_assistant(turn, place, read));
  }
  return read;
}

Result<void> check_tool(const Json& tool, const std::string& place) {
  const Json* const type = tool.is_object() ? given(tool, "type") : nullptr;
  if (type == nullptr) return bad_field(place, "an object with type and function", tool);
  if (*type != "function") return bad_field(place + ".type", "function", *type);
  const Json* const function = given(tool, "function");
  if (function == nullptr || !function->is_object()) {
    return refusal(place + ".function", "want an object");
  }
  const Json* const name = given(*function, "name");
  if (name == nullptr || !name->is_string()) {
    return refusal(place + ".function.name", "want a text");
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<std::vector<ChatMessage>> messages_from(const Json& object) {
  const Json* const list = given(object, "messages");
  if (list == nullptr) return refusal("messages", "is missing");
  if (!list->is_array() || list->empty()) {
    return bad_field("messages", "a list of at least one", *list);
  }
  std::vector<ChatMessage> turns;
  turns.reserve(list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    SLUICE_TRY(auto turn, turn_from((*list)[i], item("messages", i)));
    turns.push_back(std::move(turn));
  }
  return turns;
}

Result<std::vector<std::string>> tools_from(const Json& object) {
  const Json* const choice = given(object, "tool_choice");
  const bool is_none = choice != nullptr && *choice == "none";
  if (choice != nullptr && !is_none && *choice != "auto") {
    return bad_field("tool_choice", "auto or none (a call cannot be forced)", *choice);
  }
  std::vector<std::string> tools;
  const Json* const list = given(object, "tools");
  if (list == nullptr) return tools;
  if (!list->is_array()) return bad_field("tools", "a list", *list);
  for (std::size_t i = 0; i < list->size(); ++i) {
    SLUICE_TRY(check_tool((*list)[i], item("tools", i)));
    if (!is_none) tools.push_back((*list)[i].dump());
  }
  return tools;
}

}  // namespace sluice
