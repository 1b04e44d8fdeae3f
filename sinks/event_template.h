#pragma once

#include "base/result.h"
#include "event/event.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// A text with places to be filled from an event: `{{ type }}` is a context attribute, `{{ data }}`
/// the data, `{{ data.a.0.b }}` a path into JSON data. Where it is made for a model's answer,
/// `{{ output }}` is what the model wrote, as it is, and `{{ output.a.0.b }}` a path into that.
/// Immutable.
class EventTemplate {
 public:
  /// What places may stand for.
  enum class Places : std::uint8_t {
    event,        ///< `output` is an attribute like any other.
    with_output,  ///< `output` is the model's.
  };

  /// Errors: invalid_argument for an open `{{`, for what is no attribute and no path, and for what
  /// other template languages have: `{{ data | upper }}`, `{{ data.a[0] }}`, `{% if data %}`.
  [[nodiscard]] static Result<EventTemplate> parse(std::string_view text,
                                                   Places places = Places::event);

  /// The text for one event. What the event does not have is empty; a JSON string is unquoted, any
  /// other JSON value is as it was written. `output` is looked at by templates with such places.
  [[nodiscard]] std::string render(const Event& event, std::string_view output = {}) const;

  /// Whether render() looks at the event, and at the output.
  [[nodiscard]] bool depends_on_event() const noexcept;
  [[nodiscard]] bool depends_on_output() const noexcept;

  /// The paths into the output that it has places for, as steps, in the order written.
  [[nodiscard]] std::vector<std::vector<std::string>> output_paths() const;

 private:
  struct Part {
    enum class Kind : std::uint8_t { literal, attribute, data, data_path, output, output_path };
    Kind kind = Kind::literal;
    std::string text;  ///< The literal, the attribute's name, or the path as a JSON pointer.
  };

  [[nodiscard]] static Result<Part> parse_place(std::string_view place, Places places);

  std::vector<Part> parts_;
};

}  // namespace sluice
