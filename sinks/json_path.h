#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// "a.0.b" as the JSON pointer "/a/0/b"; empty when a step of the path is.
[[nodiscard]] std::string json_pointer_of(std::string_view path);

/// The steps of a JSON pointer: "/a~1b/0" is "a/b" and "0".
[[nodiscard]] std::vector<std::string> steps_of(std::string_view pointer);

/// A JSON text of which parts are wanted. It is looked at when the first of them is, so that one
/// that nobody asks costs nothing. `text` must outlive it.
class JsonParts {
 public:
  explicit JsonParts(std::string_view text) : text_(text) {}

  /// Appends the value at `pointer`: a string unquoted, any other as it was written. Nothing where
  /// there is none, or where the text is not JSON.
  void append(std::string_view pointer, std::string& out);

 private:
  std::string_view text_;
  bool is_read_ = false;
  bool is_json_ = false;
  simdjson::padded_string padded_;
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

}  // namespace sluice
