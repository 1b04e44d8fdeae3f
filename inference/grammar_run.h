#pragma once

#include "inference/grammar.h"
#include "inference/json_text.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::inference {

class CompletionCosts;

/// One place where a text may be in its grammar. There are several where anyOf has not been
/// decided yet.
struct GrammarPlace {
  StateId state = 0;  ///< Of kind bytes or text; kNoState: the text is whole.
  std::uint32_t frame = 0;
  std::uint32_t chars = 0;  ///< text: written so far, with the one we are in.
  TextPart part = TextPart::between;
};
using GrammarPlaces = std::vector<GrammarPlace>;

/// Follows a text through a grammar. The frames of the calls it is in live here, places refer to
/// them; take_back() forgets those of places that are no longer needed.
///
/// At most GrammarLimits::alternatives places are followed at once; of more, the first one and
/// those that are completed soonest stay. What is left out is never wrong, only no longer possible.
class GrammarRun {
 public:
  /// Without costs, every place is followed.
  GrammarRun(const CompiledGrammar& grammar, const CompletionCosts* costs);

  [[nodiscard]] const CompiledGrammar& grammar() const noexcept { return grammar_; }

  void start(GrammarPlaces& to) { enter(grammar_.start(), kOutermost, to); }

  /// Adds to `to` the places behind `byte`. That within the rule of `from`, if there is one, comes
  /// first.
  void step(const GrammarPlace& from, std::uint8_t byte, GrammarPlaces& to);

  /// Adds the places at `state` and all that can be reached from it without a byte.
  void enter(StateId state, std::uint32_t frame, GrammarPlaces& to);
  void add(const GrammarPlace& place, GrammarPlaces& to);

  /// Tokens that complete the text from here.
  [[nodiscard]] std::uint64_t cost(const GrammarPlace& place) const;
  /// The least of all; `places` is not empty.
  [[nodiscard]] std::uint64_t cost(const GrammarPlaces& places) const;

  [[nodiscard]] std::size_t mark() const noexcept { return frames_.size(); }
  void take_back(std::size_t mark) { frames_.resize(mark); }
  /// Forgets all frames but those of `places`.
  void keep_only(GrammarPlaces& places);

 private:
  static constexpr std::uint32_t kOutermost = 0;

  /// A call we are in.
  struct Frame {
    StateId next = 0;  ///< Where it goes on behind the call.
    std::uint32_t below = kOutermost;
    std::uint64_t cost = 0;  ///< From `next` on, with all frames below.
  };

  [[nodiscard]] bool is_same(const GrammarPlace& a, const GrammarPlace& b) const;

  const CompiledGrammar& grammar_;
  const CompletionCosts* costs_;
  std::size_t max_places_;
  std::vector<Frame> frames_;
};

/// The whole of `text` is in the language of `grammar`.
[[nodiscard]] bool accepts(const CompiledGrammar& grammar, std::string_view text);

}  // namespace sluice::inference
