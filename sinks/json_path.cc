#include "sinks/json_path.h"

namespace sluice {
namespace {

std::string_view trim_end(std::string_view text) {
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

void append_value(simdjson::ondemand::value value, std::string& out) {
  simdjson::ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return;
  std::string_view text;
  switch (type) {
    case simdjson::ondemand::json_type::string:
      if (value.get_string().get(text) == simdjson::SUCCESS) out += text;
      return;
    case simdjson::ondemand::json_type::object: {
      simdjson::ondemand::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return;
      if (object.raw_json().get(text) == simdjson::SUCCESS) out += text;
      return;
    }
    case simdjson::ondemand::json_type::array: {
      simdjson::ondemand::array array;
      if (value.get_array().get(array) != simdjson::SUCCESS) return;
      if (array.raw_json().get(text) == simdjson::SUCCESS) out += text;
      return;
    }
    default:
      out += trim_end(value.raw_json_token());
  }
}

}  // namespace

std::string json_pointer_of(std::string_view path) {
  std::string pointer;
  for (;;) {
    const auto step = path.substr(0, path.find('.'));
    if (step.empty()) return {};
    pointer += '/';
    for (const char c : step) {
      if (c == '~') {
        pointer += "~0";
      } else if (c == '/') {
        pointer += "~1";
      } else {
        pointer += c;
      }
    }
    if (step.size() == path.size()) return pointer;
    path.remove_prefix(step.size() + 1);
  }
}

std::vector<std::string> steps_of(std::string_view pointer) {
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      steps.emplace_back();
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      steps.back() += pointer[++i] == '1' ? '/' : '~';
    } else {
      steps.back() += pointer[i];
    }
  }
  return steps;
}

void JsonParts::append(std::string_view pointer, std::string& out) {
  if (!is_read_) {
    padded_ = simdjson::padded_string(text_);
    is_json_ = parser_.iterate(padded_).get(document_) == simdjson::SUCCESS;
    is_read_ = true;
  }
  simdjson::ondemand::value value;
  if (!is_json_ || document_.at_pointer(pointer).get(value) != simdjson::SUCCESS) return;
  append_value(value, out);
}

}  // namespace sluice
