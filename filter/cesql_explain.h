#pragma once

#include "filter/cesql/tree.h"
#include "filter/filter.h"

namespace sluice {

/// Why an expression passes `event`, or does not: AND, OR, XOR and NOT are clauses with parts,
/// everything else is a leaf, each evaluated by itself. A leaf that is an error has it as
/// `problem`.
[[nodiscard]] Explanation explain_cesql(const CesqlTree& tree, const Event& event);

}  // namespace sluice
