#pragma once

#include "event/event.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice {

/// The data of one event as JSON, as slices of its bytes: nothing is converted, no number is too
/// large. simdjson finds the tokens; after one walk over the brackets a value is stepped over at
/// once, however much is in it. Reading allocates only until a thread has seen its largest data.
class JsonData {
 public:
  /// A value: the token that it begins with. Those of one `of()` are good until the next.
  using Value = std::uint32_t;
  static constexpr Value kRoot = 0;

  /// The data of `event`, which must outlive the use. Read once, however many filters ask for it
  /// one after the other on this thread.
  [[nodiscard]] static const JsonData& of(const Event& event) noexcept;

  /// False where the event has no data, where its content type is not JSON, and where its data is
  /// malformed or nested deeper than JsonScanner::kMaxDepth.
  [[nodiscard]] bool is_json() const noexcept { return token_count_ > 0; }

  /// '{', '[', '"', or how a number or a literal begins.
  [[nodiscard]] char first_char(Value value) const noexcept { return at(value); }

  /// All of the value as it stands.
  [[nodiscard]] std::string_view raw(Value value) const noexcept;

  /// What a string says, until the next call of this or of member() on the thread. Nullopt where
  /// it has half a surrogate pair, which is no text.
  [[nodiscard]] std::optional<std::string_view> string(Value value) const noexcept;

  /// The member of an object; of several of the same name the last one.
  [[nodiscard]] std::optional<Value> member(Value object, std::string_view name) const noexcept;

  /// The element of an array, from 0.
  [[nodiscard]] std::optional<Value> element(Value array, std::uint32_t index) const noexcept;

  /// Whether `visit(Value)` says true of an element; it is not asked again then.
  template <typename Visit>
  bool any_element(Value array, Visit&& visit) const {
    for (Value value = array + 1; !closes(value); value = behind(value)) {
      if (at(value) == ',') ++value;
      if (visit(value)) return true;
    }
    return false;
  }

  /// Calls `visit(Value name, Value value)` for each member; the name is a string.
  template <typename Visit>
  void each_member(Value object, Visit&& visit) const {
    for (Value name = object + 1; !closes(name); name = behind(name + 2)) {
      if (at(name) == ',') ++name;
      visit(name, name + 2);
    }
  }

 private:
  void read(const Event& event) noexcept;
  [[nodiscard]] bool index(std::string_view text) noexcept;
  [[nodiscard]] bool find_ends() noexcept;

  [[nodiscard]] char at(Value token) const noexcept {
    return token < token_count_ ? text_[tokens_[token]] : '\0';
  }
  [[nodiscard]] bool closes(Value token) const noexcept {
    return token >= token_count_ || at(token) == '}' || at(token) == ']';
  }
  /// The token behind the value.
  [[nodiscard]] Value behind(Value value) const noexcept {
    const bool is_open = at(value) == '{' || at(value) == '[';
    return is_open ? behind_[value] : value + 1;
  }
  [[nodiscard]] bool is_called(Value name, std::string_view wanted) const noexcept;

  std::uint64_t serial_ = 0;  // Of the event that was read last; 0: none was.
  std::string_view text_;
  const std::uint32_t* tokens_ = nullptr;  // Where each starts, as simdjson has them.
  std::uint32_t token_count_ = 0;
  bool has_escapes_ = false;
  std::unique_ptr<std::uint32_t[]>
      behind_;  // By opening bracket: the token behind the closing one.
  std::size_t behind_capacity_ = 0;
};

}  // namespace sluice
