#pragma once

#include "inference/generation.h"
#include "inference/stop_matcher.h"
#include "inference/stream_decoder.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::inference {

/// The bytes of a generation's tokens on their way to text and reasoning: made valid UTF-8, and the
/// text ended at the first stop text. Newlines around reasoning, and those between it and the text,
/// belong to the format and are left out, as Qwen3's chat template does with them.
/// Of one generation, used by one thread.
class CompletionText {
 public:
  explicit CompletionText(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  /// A think block begins or ends here; at first it is text.
  void begin_reasoning();
  void begin_text();

  /// Returns whether a stop text was found; nothing more comes then.
  bool push(std::string_view bytes);

  /// The generation has ended: what was held back comes.
  void finish();

  /// What came since the last call.
  [[nodiscard]] CompletionChunk take_new();

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& reasoning() const noexcept { return reasoning_; }

 private:
  void end_part();
  bool append(std::string_view fresh);

  StreamDecoder decoder_;
  StopMatcher stops_;
  bool reasons_ = false;
  bool trims_ = false;    ///< Newlines that come next are left out.
  std::string newlines_;  ///< At the end of the reasoning so far.
  std::string text_;
  std::string reasoning_;
  std::size_t text_given_ = 0;
  std::size_t reasoning_given_ = 0;
};

}  // namespace sluice::inference
