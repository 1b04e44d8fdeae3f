#pragma once

#include <cstdint>

namespace sluice::inference {

/// A row of the vocabulary. Which ids are control tokens, the tokenizer says; none is hard-coded.
using TokenId = std::int32_t;

}  // namespace sluice::inference
