#pragma once

#include "base/result.h"
#include "event/event.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A text with places to be filled from an event: `{{ type }}` is a context attribute, `{{ data }}`
/// the data, `{{ data.a.0.b }}` a path into JSON data. Immutable.
class EventTemplate {
 public:
  /// Errors: invalid_argument for an open `{{`, or for what is no attribute and no path.
  [[nodiscard]] static Result<EventTemplate> parse(std::string_view text);

  /// The text for one event. What the event does not have is empty; a JSON string is unquoted, any
  /// other JSON value is as it was written.
  [[nodiscard]] std::string render(const Event& event) const;

 private:
  struct Part {
    enum class Kind { literal, attribute, data, path };
    Kind kind = Kind::literal;
    std::string text;  ///< The literal, the attribute's name, or the path as a JSON pointer.
  };

  [[nodiscard]] static Result<Part> parse_place(std::string_view place);

  std::vector<Part> parts_;
};

}  // namespace sluice
