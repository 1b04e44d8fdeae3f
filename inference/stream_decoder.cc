#include "inference/stream_decoder.h"

#include "inference/utf8.h"

namespace sluice::inference {

void StreamDecoder::push(std::string_view bytes, std::string& out) {
  std::string joined;
  if (!held_.empty()) {
    joined = std::move(held_);
    joined += bytes;
    bytes = joined;
    held_.clear();
  }
  while (!bytes.empty()) {
    const Utf8Character next = read_utf8(bytes);
    if (next.kind == Utf8Character::Kind::incomplete) {
      held_ = bytes;
      return;
    }
    append_utf8(next.code, out);
    bytes.remove_prefix(next.bytes);
  }
}

void StreamDecoder::finish(std::string& out) {
  if (!held_.empty()) append_utf8(kReplacementCharacter, out);
  held_.clear();
}

}  // namespace sluice::inference
