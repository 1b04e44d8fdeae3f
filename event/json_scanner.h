#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

/// A member of a JSON object, as slices of the document.
struct JsonMember {
  std::string_view name;   ///< Between the quotes, escapes not yet undone.
  std::string_view value;  ///< From its first byte to its last, checked.
};

/// Reads one JSON object member by member, or one array element by element, strictly as RFC 8259
/// has it, and hands out the bytes as they stand: no number is converted, so none is too large.
/// simdjson finds the tokens and checks UTF-8; the grammar between them is checked here. One
/// document at a time per thread.
class JsonScanner {
 public:
  /// How deep objects and arrays may nest, the outermost one included; in an array that is read
  /// element by element, in each of its elements.
  static constexpr int kMaxDepth = 64;

  /// Starts on `text`, which must live as long as the slices. No padding is needed.
  /// Errors: invalid_argument, naming the byte, where this is no JSON object.
  [[nodiscard]] Result<void> open_object(std::string_view text);

  /// The next member, or false behind the last one, where the document must end too.
  /// Errors: invalid_argument, naming the byte.
  [[nodiscard]] Result<bool> next(JsonMember& member);

  /// open_object() and next() for an array: `element` is the slice from its first byte to its last.
  [[nodiscard]] Result<void> open_array(std::string_view text);
  [[nodiscard]] Result<bool> next_element(std::string_view& element);

  /// The byte that the last error is about; the text's size: its end.
  [[nodiscard]] std::size_t bad_byte() const noexcept { return bad_byte_; }

  /// Whether any string of the document has an escape.
  [[nodiscard]] bool has_escapes() const noexcept { return has_escapes_; }

  /// Whether `text` is one JSON value, white space around it allowed.
  [[nodiscard]] static bool is_json(std::string_view text);
  /// The same, with the reason. Errors: invalid_argument, naming the byte.
  [[nodiscard]] static Result<void> check(std::string_view text);

 private:
  [[nodiscard]] Result<void> index(std::string_view text);
  [[nodiscard]] char at(std::size_t token) const noexcept;
  [[nodiscard]] std::string_view slice(std::size_t token) const noexcept;
  [[nodiscard]] bool is_string(std::size_t token) const noexcept;
  [[nodiscard]] bool is_scalar(std::size_t token) const noexcept;
  [[nodiscard]] bool skip_name() noexcept;
  /// Steps over one value, of at most so many levels; what is wrong with it, or nothing.
  [[nodiscard]] std::string_view skip_value(int most_depth = kMaxDepth - 1);
  [[nodiscard]] std::string_view slice_from(std::size_t token) const noexcept;
  [[nodiscard]] Error malformed(std::string_view want);
  [[nodiscard]] Error malformed_at(std::size_t byte, std::string_view want);

  std::string_view text_;
  const std::uint32_t* tokens_ = nullptr;  // Where each starts; the end of the text behind them.
  std::size_t token_count_ = 0;
  std::size_t token_ = 0;  // The next one to read.
  std::size_t bad_byte_ = 0;
  bool has_escapes_ = false;
};

}  // namespace sluice
