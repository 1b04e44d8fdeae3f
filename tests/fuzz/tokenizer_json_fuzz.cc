// Any bytes as a tokenizer.json and, behind the first NUL, as a text for it: no crash, and what an
// accepted tokenizer makes of the text has no control token and decodes to the text as it was
// normalised.

#include "inference/nfc.h"
#include "inference/tokenizer.h"
#include "inference/tokenizer_file.h"
#include "inference/utf8.h"
#include "tests/fuzz/inference_properties.h"

namespace sluice::inference {
namespace {

void check_text(const Tokenizer& tokenizer, bool nfc, std::string_view text) {
  const auto ids = tokenizer.encode(text);
  for (const TokenId id : ids) {
    INFERENCE_ASSERT(tokenizer.vocabulary().at(id).kind == Vocabulary::Kind::text);
  }
  std::string expected = to_valid_utf8(text);
  if (nfc) expected = to_nfc(expected);
  INFERENCE_ASSERT(tokenizer.decode(ids) == expected);
  INFERENCE_ASSERT(tokenizer.encode(text) == ids);  // With what it remembers of words.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [json, text] = fuzz::cut(fuzz::text_of(data, size), '\0');
  const auto file = parse_tokenizer_file(json);
  if (!file) {
    fuzz::check_refused(file.error());
    return 0;
  }
  const auto tokenizer = Tokenizer::from(file.value());
  if (!tokenizer) {
    fuzz::check_refused(tokenizer.error());
    return 0;
  }
  check_text(tokenizer.value(), file.value().nfc, text);
  check_text(tokenizer.value(), file.value().nfc, json);
  // Names of control tokens stand for them, and for nothing else.
  const auto ids = tokenizer.value().encode_with_controls(text);
  for (const TokenId id : ids) {
    const auto& entry = tokenizer.value().vocabulary().at(id);
    INFERENCE_ASSERT(entry.kind != Vocabulary::Kind::unused);
    INFERENCE_ASSERT(entry.kind != Vocabulary::Kind::control ||
                     to_valid_utf8(text).find(entry.bytes) != std::string::npos);
  }
  return 0;
}

}  // namespace sluice::inference
