#include "inference/grammar_run.h"

#include "inference/grammar_costs.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::inference {

using Kind = GrammarState::Kind;

GrammarRun::GrammarRun(const CompiledGrammar& grammar, const CompletionCosts* costs)
    : grammar_(grammar),
      costs_(costs),
      max_places_(costs != nullptr ? GrammarLimits{}.alternatives
                                   : std::numeric_limits<std::size_t>::max()),
      frames_(1) {}

void GrammarRun::step(const GrammarPlace& from, std::uint8_t byte, GrammarPlaces& to) {
  if (from.state == kNoState) return;
  const GrammarState& state = grammar_.at(from.state);
  if (state.kind == Kind::bytes) {
    const StateId next = grammar_.next(state, byte);
    if (next != kNoState) enter(next, from.frame, to);
    return;
  }
  const TextPart part = next_text_part(from.part, byte);
  if (part == TextPart::refused) return;
  if (part == TextPart::closed) {
    if (from.chars >= state.min_chars) enter(state.next, from.frame, to);
    return;
  }
  const std::uint32_t chars = from.chars + (from.part == TextPart::between ? 1 : 0);
  if (chars <= state.max_chars) add({from.state, from.frame, chars, part}, to);
}

void GrammarRun::enter(StateId id, std::uint32_t frame, GrammarPlaces& to) {
  const GrammarState& state = grammar_.at(id);
  switch (state.kind) {
    case Kind::either:
      for (const StateId option : grammar_.options(state)) enter(option, frame, to);
      return;
    case Kind::call: {
      const std::uint64_t cost =
          costs_ == nullptr ? 0 : costs_->to_end(state.next) + frames_[frame].cost;
      frames_.push_back({state.next, frame, cost});
      enter(state.callee, static_cast<std::uint32_t>(frames_.size() - 1), to);
      return;
    }
    case Kind::text:
      add({id, frame, 0, TextPart::between}, to);
      return;
    case Kind::bytes:
      if (state.count > 0) add({id, frame, 0, TextPart::between}, to);
      if (!state.ends) return;
      if (frame == kOutermost) {
        add({kNoState, kOutermost, 0, TextPart::between}, to);
      } else {
        enter(frames_[frame].next, frames_[frame].below, to);
      }
      return;
  }
}

void GrammarRun::add(const GrammarPlace& place, GrammarPlaces& to) {
  if (std::ranges::any_of(to, [&](const GrammarPlace& other) { return is_same(place, other); }))
    return;
  if (to.size() < max_places_) {
    to.push_back(place);
    return;
  }
  const auto by_cost = [&](const GrammarPlace& a, const GrammarPlace& b) {
    return cost(a) < cost(b);
  };
  const auto dearest = std::max_element(to.begin() + 1, to.end(), by_cost);
  if (by_cost(place, *dearest)) *dearest = place;
}

bool GrammarRun::is_same(const GrammarPlace& a, const GrammarPlace& b) const {
  if (a.state != b.state || a.chars != b.chars || a.part != b.part) return false;
  std::uint32_t x = a.frame;
  std::uint32_t y = b.frame;
  while (x != y && x != kOutermost && y != kOutermost && frames_[x].next == frames_[y].next) {
    x = frames_[x].below;
    y = frames_[y].below;
  }
  return x == y;
}

std::uint64_t GrammarRun::cost(const GrammarPlace& place) const {
  if (place.state == kNoState) return 0;
  const GrammarState& state = grammar_.at(place.state);
  const std::uint64_t behind = frames_[place.frame].cost;
  if (state.kind == Kind::bytes) return costs_->going_on(place.state) + behind;
  const std::uint32_t missing = state.min_chars - std::min(state.min_chars, place.chars);
  return std::uint64_t{bytes_left(place.part)} + costs_->text(missing) + 1 +
         costs_->to_end(state.next) + behind;
}

std::uint64_t GrammarRun::cost(const GrammarPlaces& places) const {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  for (const GrammarPlace& place : places) least = std::min(least, cost(place));
  return least;
}

void GrammarRun::keep_only(GrammarPlaces& places) {
  std::vector<Frame> kept(1);
  for (GrammarPlace& place : places) {
    std::vector<std::uint32_t> path;  // From the innermost frame outwards.
    for (auto at = place.frame; at != kOutermost; at = frames_[at].below) path.push_back(at);
    std::uint32_t below = kOutermost;
    for (; !path.empty(); path.pop_back()) {
      kept.push_back({frames_[path.back()].next, below, frames_[path.back()].cost});
      below = static_cast<std::uint32_t>(kept.size() - 1);
    }
    place.frame = below;
  }
  frames_ = std::move(kept);
}

bool accepts(const CompiledGrammar& grammar, std::string_view text) {
  GrammarRun run(grammar, nullptr);
  GrammarPlaces places;
  run.start(places);
  for (const char c : text) {
    GrammarPlaces next;
    for (const GrammarPlace& place : places) run.step(place, static_cast<std::uint8_t>(c), next);
    places = std::move(next);
  }
  return std::ranges::any_of(places, [](const auto& place) { return place.state == kNoState; });
}

}  // namespace sluice::inference
