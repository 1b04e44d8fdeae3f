#pragma once

#include "inference/grammar.h"

#include <memory>
#include <span>
#include <string>

namespace sluice::inference {

/// The text is one of `choices`, any bytes, as they stand. One may be the beginning of another.
/// Errors: invalid_argument (none, an empty one, the same one twice, beyond the limits).
[[nodiscard]] Result<std::shared_ptr<const CompiledGrammar>> choice_grammar(
    std::span<const std::string> choices, const GrammarLimits& limits = {});

}  // namespace sluice::inference
