#pragma once

#include <string>
#include <string_view>

namespace sluice::inference {

/// Bytes of tokens as they come, text as soon as it is certain: what it gives out is valid UTF-8,
/// never ends within a character, and put together is to_valid_utf8() of all bytes. Holds back at
/// most three bytes. Of one text, used by one thread.
class StreamDecoder {
 public:
  /// Takes the next bytes and appends to `out` what they complete.
  void push(std::string_view bytes, std::string& out);

  /// The bytes end here: a character that is not whole becomes U+FFFD. The next push begins anew.
  void finish(std::string& out);

  [[nodiscard]] bool is_between_characters() const noexcept { return held_.empty(); }

 private:
  std::string held_;  // The beginning of a character.
};

}  // namespace sluice::inference
