#include "inference/choice_grammar.h"

#include <set>
#include <string_view>
#include <utility>

namespace sluice::inference {

Result<std::shared_ptr<const CompiledGrammar>> choice_grammar(std::span<const std::string> choices,
                                                              const GrammarLimits& limits) {
  if (choices.empty()) return fail(Errc::invalid_argument, "choice: the list is empty");
  GrammarBuilder builder(limits);
  const StateId start = builder.add_state();
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string place = "choice: entry " + std::to_string(i);
    if (choices[i].empty()) return fail(Errc::invalid_argument, place + " is empty");
    if (!seen.insert(choices[i]).second)
      return fail(Errc::invalid_argument, place + " is there twice");
    builder.set_ends(builder.add_bytes(start, choices[i]));
    if (builder.is_full()) break;
  }
  return std::move(builder).finish(start);
}

}  // namespace sluice::inference
