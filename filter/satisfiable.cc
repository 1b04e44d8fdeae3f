// Assume that an event passes: then it meets what every part of an `all` wants. Where these
// conditions exclude one another there is no such event. `any` is tried branch by branch under
// them, `not` by whether they alone let its filter pass.

#include "filter/satisfiable.h"

#include "base/utf8.h"
#include "filter/filter_text.h"
#include "filter/pin_logic.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Json = nlohmann::json;
using Reason = std::optional<std::string>;

/// A filter as a tree.
struct Clause {
  enum class Kind { leaf, all, any, inverted };
  Kind kind = Kind::leaf;
  const Json* written = nullptr;
  std::vector<PinSet> pins;  ///< Of a leaf and an `any`: what every event that passes it meets.
  bool is_its_pins = false;  ///< A leaf that passes whatever meets them.
  std::vector<Clause> parts;
};

/// What is known of the event that passes.
struct Known {
  std::vector<const PinSet*> sets;   ///< It meets each of them,
  std::vector<const Json*> clauses;  ///< and passes these.
};

void learn(const Clause& clause, Known& known) {
  known.clauses.push_back(clause.written);
  for (const PinSet& set : clause.pins) known.sets.push_back(&set);
  if (clause.kind != Clause::Kind::all) return;
  for (const Clause& part : clause.parts) learn(part, known);
}

/// Adds to a text for people what is not in it yet, as long as it can be read.
void add(std::string& text, std::string_view separator, const std::string& more) {
  constexpr std::size_t kMostBytes = 240;
  if (text.find(more) != std::string::npos || text.ends_with("...")) return;
  if (!text.empty()) text += separator;
  text += text.size() < kMostBytes ? more : "...";
}

/// The one attribute that all of `set` look at; empty where there are several.
std::string_view attribute_of(const PinSet& set) {
  const std::string& first = set.front().attribute;
  return std::ranges::all_of(set, [&](const Pin& pin) { return pin.attribute == first; })
             ? std::string_view(first)
             : std::string_view();
}

/// What an event meets that passes one of `parts`: where each of them pins the same attribute.
std::vector<PinSet> pins_of_any(const std::vector<Clause>& parts) {
  std::vector<Known> known(parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) learn(parts[i], known[i]);
  std::vector<PinSet> sets;
  for (const PinSet* first : known.front().sets) {
    const std::string_view attribute = attribute_of(*first);
    if (attribute.empty()) continue;
    PinSet together;
    const bool shared = std::ranges::all_of(known, [&](const Known& part) {
      const auto same = std::ranges::find_if(
          part.sets, [&](const PinSet* set) { return attribute_of(*set) == attribute; });
      if (same == part.sets.end()) return false;
      together.insert(together.end(), (*same)->begin(), (*same)->end());
      return true;
    });
    if (shared) sets.push_back(std::move(together));
  }
  return sets;
}

std::vector<PinSet> pins_of_leaf(const Json& written) {
  const bool attributes = written.contains("attributes");
  const auto filter =
      attributes ? compile_attributes_filter(written["attributes"]) : compile_filter(written);
  if (!filter) return {};
  auto sets = filter.value()->pins();
  std::erase_if(sets, [](const PinSet& set) { return set.empty(); });
  return sets;
}

Clause read_clause(const Json& written);

Clause read_list(Clause::Kind kind, const Json& written, const Json& list) {
  Clause clause;
  clause.kind = kind;
  clause.written = &written;
  for (const Json& part : list) clause.parts.push_back(read_clause(part));
  if (kind == Clause::Kind::any) clause.pins = pins_of_any(clause.parts);
  return clause;
}

Clause read_clause(const Json& written) {
  Clause clause;
  clause.written = &written;
  if (!written.is_object() || written.size() != 1) return clause;
  const std::string& dialect = written.begin().key();
  const Json& argument = written.begin().value();
  if (argument.is_array() && !argument.empty()) {
    if (dialect == "all") return read_list(Clause::Kind::all, written, argument);
    if (dialect == "any") return read_list(Clause::Kind::any, written, argument);
  }
  if (dialect == "not") {
    clause.kind = Clause::Kind::inverted;
    clause.parts.push_back(read_clause(argument));
    return clause;
  }
  clause.pins = pins_of_leaf(written);
  clause.is_its_pins = dialect == "exact" || dialect == "prefix" || dialect == "suffix";
  return clause;
}

class Search {
 public:
  /// Why no event of which `known` is true passes.
  Reason never(const Clause& clause, Known& known) {
    if (steps_ > kMostSteps) return std::nullopt;
    switch (clause.kind) {
      case Clause::Kind::any:
        return never_any(clause, known);
      case Clause::Kind::inverted:
        return never_inverted(clause, known);
      case Clause::Kind::leaf:
      case Clause::Kind::all:
        break;
    }
    const std::size_t sets = known.sets.size();
    const std::size_t clauses = known.clauses.size();
    learn(clause, known);
    Reason reason = contradiction(known);
    for (const Clause& part : clause.parts) {
      if (reason) break;
      if (part.kind != Clause::Kind::leaf) reason = never(part, known);
    }
    known.sets.resize(sets);
    known.clauses.resize(clauses);
    return reason;
  }

 private:
  // With more comparisons than this, whatever is left counts as possible.
  static constexpr std::size_t kMostSteps = 2'000'000;

  [[nodiscard]] bool step() { return ++steps_ <= kMostSteps; }

  Reason never_any(const Clause& clause, Known& known) {
    std::string all;
    for (const Clause& part : clause.parts) {
      const Reason reason = never(part, known);
      if (!reason) return std::nullopt;
      add(all, "; ", *reason);
    }
    return all;
  }

  Reason never_inverted(const Clause& clause, Known& known) {
    const Reason with = always(clause.parts.front(), known);
    if (!with) return std::nullopt;
    return in_quotes(filter_text(*clause.written)) + " leaves out every event" + *with;
  }

  /// Whether every event of which `known` is true passes; which events these are, as " with ...".
  Reason always(const Clause& clause, Known& known) {
    const bool wanted = std::ranges::any_of(
        known.clauses, [&](const Json* other) { return step() && *other == *clause.written; });
    if (wanted) return " that passes " + in_quotes(filter_text(*clause.written));
    switch (clause.kind) {
      case Clause::Kind::leaf:
        return implied(clause, known);
      case Clause::Kind::all:
        return always_all(clause, known);
      case Clause::Kind::any:
        return always_any(clause, known);
      case Clause::Kind::inverted:
        return never(clause.parts.front(), known) ? Reason("") : std::nullopt;
    }
    return std::nullopt;
  }

  Reason always_all(const Clause& clause, Known& known) {
    std::string all;
    for (const Clause& part : clause.parts) {
      const Reason with = always(part, known);
      if (!with) return std::nullopt;
      add(all, " and", *with);
    }
    return all;
  }

  Reason always_any(const Clause& clause, Known& known) {
    for (const Clause& part : clause.parts) {
      if (Reason with = always(part, known)) return with;
      if (part.kind != Clause::Kind::inverted) continue;
      const Json& opposite = *part.parts.front().written;
      for (const Clause& other : clause.parts) {
        if (step() && *other.written == opposite) return "";
      }
    }
    return std::nullopt;
  }

  Reason implied(const Clause& leaf, const Known& known) {
    if (!leaf.is_its_pins || leaf.pins.empty()) return std::nullopt;
    std::string all;
    for (const PinSet& wanted : leaf.pins) {
      const auto found = std::ranges::find_if(known.sets, [&](const PinSet* set) {
        return std::ranges::all_of(
            *set, [&](const Pin& pin) { return step() && implies(pin, wanted.front()); });
      });
      if (found == known.sets.end()) return std::nullopt;
      add(all, " and ", to_text(**found));
    }
    return " with " + all;
  }

  /// The event meets one of each set: a set whose every pin excludes all of another has none left.
  Reason contradiction(const Known& known) {
    for (std::size_t i = 0; i < known.sets.size(); ++i) {
      std::set<std::size_t> excluding;
      Reason impossible;
      const bool is_dead = std::ranges::all_of(*known.sets[i], [&](const Pin& pin) {
        if (Reason why = step() ? why_impossible(pin) : std::nullopt) {
          impossible = std::move(why);
          return true;
        }
        const std::size_t other = find_excluding(pin, known);
        if (other == known.sets.size()) return false;
        excluding.insert(other);
        return true;
      });
      if (!is_dead) continue;
      if (excluding.empty()) return impossible;
      excluding.insert(i);
      return together(excluding, known);
    }
    return std::nullopt;
  }

  std::size_t find_excluding(const Pin& pin, const Known& known) {
    const auto found = std::ranges::find_if(known.sets, [&](const PinSet* set) {
      return std::ranges::all_of(
          *set, [&](const Pin& other) { return step() && !are_compatible(pin, other); });
    });
    return static_cast<std::size_t>(found - known.sets.begin());
  }

  static std::string together(const std::set<std::size_t>& indexes, const Known& known) {
    constexpr std::size_t kMostShown = 4;
    std::string out;
    std::size_t count = 0;
    for (const std::size_t i : indexes) {
      const bool is_last = ++count == std::min(indexes.size(), kMostShown);
      out += (count == 1 ? "" : is_last ? " and " : ", ") + to_text(*known.sets[i]);
      if (is_last) break;
    }
    return (indexes.size() == 2 ? "no event has both " : "no event has all of ") + out;
  }

  std::size_t steps_ = 0;
};

}  // namespace

std::optional<std::string> why_never(const nlohmann::json& filter) {
  Known nothing;
  if (!filter.is_array()) return Search().never(read_clause(filter), nothing);
  return Search().never(read_list(Clause::Kind::all, filter, filter), nothing);
}

}  // namespace sluice
