#include "inference/completion_text.h"

#include <algorithm>

namespace sluice::inference {

void CompletionText::begin_reasoning() {
  end_part();
  reasons_ = trims_ = true;
}

void CompletionText::begin_text() {
  end_part();
  reasons_ = false;
  trims_ = true;
}

bool CompletionText::push(std::string_view bytes) {
  std::string fresh;
  decoder_.push(bytes, fresh);
  return append(fresh);
}

void CompletionText::finish() {
  end_part();
  stops_.finish(text_);
}

/// A character that is not whole does not go on behind the mark of a think block.
void CompletionText::end_part() {
  std::string fresh;
  decoder_.finish(fresh);
  append(fresh);
  newlines_.clear();
}

bool CompletionText::append(std::string_view fresh) {
  if (trims_) {
    fresh.remove_prefix(std::min(fresh.find_first_not_of('\n'), fresh.size()));
    if (fresh.empty()) return false;
    trims_ = false;
  }
  if (!reasons_) return stops_.push(fresh, text_);
  newlines_ += fresh;
  const std::size_t end = newlines_.find_last_not_of('\n') + 1;  // 0 where there is nothing else.
  reasoning_.append(newlines_, 0, end);
  newlines_.erase(0, end);
  return false;
}

CompletionChunk CompletionText::take_new() {
  CompletionChunk chunk{text_.substr(text_given_), reasoning_.substr(reasoning_given_)};
  text_given_ = text_.size();
  reasoning_given_ = reasoning_.size();
  return chunk;
}

}  // namespace sluice::inference
