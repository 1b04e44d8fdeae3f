// One table per pinned attribute: values by hash, prefixes and suffixes by a trie each. An event
// costs one lookup per attribute and one walk along its value, however many filters there are; what
// that finds is asked with matches().

#include "filter/filter_index.h"

#include "base/assert.h"
#include "filter/prefix_trie.h"

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sluice {
namespace {

struct TextHash {
  using is_transparent = void;
  using is_avalanching = void;  // libstdc++ has MurmurHash.
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>()(text);
  }
};

/// One filter in the index. Its address is stable.
struct Entry {
  FilterIndex::Id id = 0;
  FilterPtr filter;              // Null matches every event.
  std::uint32_t pin_set = 0;     // Which of the filter's sets it is filed under; kNone for none.
  bool filed_often = false;      // Under several pins, so that one event may find it twice.
  std::uint64_t last_round = 0;  // The match() that found it last.
};

constexpr std::uint32_t kNone = 0xffffffff;

using Bucket = boost::container::small_vector<Entry*, 1>;

void erase_from(Bucket& bucket, const Entry* entry) {
  const auto it = std::find(bucket.begin(), bucket.end(), entry);
  SLUICE_ASSERT(it != bucket.end());
  *it = bucket.back();
  bucket.pop_back();
}

/// The buckets of all values, by number.
class Buckets {
 public:
  using Number = PrefixTrie::Value;

  [[nodiscard]] Bucket& at(Number number) noexcept { return buckets_[number]; }

  Number make() {
    if (free_.empty()) {
      buckets_.emplace_back();
      return static_cast<Number>(buckets_.size() - 1);
    }
    const Number number = free_.back();
    free_.pop_back();
    return number;
  }

  /// It must be empty.
  void give_back(Number number) {
    buckets_[number].shrink_to_fit();
    free_.push_back(number);
  }

 private:
  std::vector<Bucket> buckets_;
  std::vector<Number> free_;
};

/// What is pinned of one attribute.
struct AttributeTable {
  // Flat: most lookups find nothing, and then compare nothing.
  boost::unordered_flat_map<std::string, Buckets::Number, TextHash, std::equal_to<>> exact;
  PrefixTrie prefixes{PrefixTrie::At::front};
  PrefixTrie suffixes{PrefixTrie::At::back};

  [[nodiscard]] PrefixTrie& trie(Pin::Kind kind) noexcept {
    return kind == Pin::Kind::prefix ? prefixes : suffixes;
  }

  [[nodiscard]] std::optional<Buckets::Number> find(const Pin& pin) {
    if (pin.kind != Pin::Kind::exact) return trie(pin.kind).find(pin.value);
    const auto it = exact.find(pin.value);
    return it != exact.end() ? std::optional(it->second) : std::nullopt;
  }

  void insert(const Pin& pin, Buckets::Number number) {
    if (pin.kind == Pin::Kind::exact) {
      exact.emplace(pin.value, number);
    } else {
      trie(pin.kind).insert(pin.value, number);
    }
  }

  void erase(const Pin& pin) {
    if (pin.kind == Pin::Kind::exact) {
      exact.erase(pin.value);
    } else {
      trie(pin.kind).erase(pin.value);
    }
  }

  [[nodiscard]] bool is_empty() const noexcept {
    return exact.empty() && prefixes.empty() && suffixes.empty();
  }
};

}  // namespace

class FilterIndex::Tables {
 public:
  void add(Id id, FilterPtr filter) {
    const auto [it, is_new] = entries_.try_emplace(id);
    SLUICE_ASSERT(is_new);
    Entry& entry = it->second;
    entry.id = id;
    entry.filter = std::move(filter);
    const std::vector<PinSet> sets = entry.filter ? entry.filter->pins() : std::vector<PinSet>();
    entry.pin_set = choose(sets);
    if (entry.pin_set == kNone) {
      always_.push_back(&entry);
      return;
    }
    const PinSet& chosen = sets[entry.pin_set];
    entry.filed_often = chosen.size() > 1;
    for (const Pin& pin : chosen) file(pin, entry);
  }

  void remove(Id id) {
    const auto it = entries_.find(id);
    SLUICE_ASSERT(it != entries_.end());
    const Entry& entry = it->second;
    if (entry.pin_set == kNone) {
      erase_from(always_, &entry);
    } else {
      const std::vector<PinSet> sets = entry.filter->pins();
      for (const Pin& pin : sets[entry.pin_set]) unfile(pin, entry);
    }
    entries_.erase(it);
  }

  void match(const Event& event, std::vector<Id>& matched) {
    ++round_;
    const Search search{event, matched, round_};
    ask(always_, search);
    // Few attributes are pinned as a rule; where many are, the event has fewer.
    constexpr std::size_t kFew = 8;
    if (tables_.size() <= kFew) {
      for (const auto& [name, table] : tables_) {
        if (const auto value = event.attribute(name)) look_up(table, *value, search);
      }
      return;
    }
    const auto visit = [&](std::string_view name, std::string_view value) {
      const auto it = tables_.find(name);
      if (it != tables_.end()) look_up(it->second, value, search);
    };
    visit("specversion", to_string(event.specversion()));
    event.for_each_attribute([&](const Attribute& a) { visit(a.name, a.value); });
  }

 private:
  /// One call of match().
  struct Search {
    const Event& event;
    std::vector<Id>& matched;
    std::uint64_t round;
  };

  static void ask(const Bucket& bucket, const Search& search) {
    for (Entry* const entry : bucket) {
      if (entry->filed_often && std::exchange(entry->last_round, search.round) == search.round) {
        continue;
      }
      if (!entry->filter || entry->filter->matches(search.event)) {
        search.matched.push_back(entry->id);
      }
    }
  }

  void look_up(const AttributeTable& table, std::string_view value, const Search& search) {
    const auto ask_bucket = [&](Buckets::Number number) { ask(buckets_.at(number), search); };
    if (!table.exact.empty()) {
      const auto it = table.exact.find(value);
      if (it != table.exact.end()) ask_bucket(it->second);
    }
    if (!table.prefixes.empty()) table.prefixes.for_each_match(value, ask_bucket);
    if (!table.suffixes.empty()) table.suffixes.for_each_match(value, ask_bucket);
  }

  [[nodiscard]] std::size_t load_of(const Pin& pin) {
    const auto table = tables_.find(pin.attribute);
    if (table == tables_.end()) return 0;
    const auto number = table->second.find(pin);
    return number ? buckets_.at(*number).size() : 0;
  }

  /// The set whose buckets hold the fewest filters so far, so that filters that share a type but
  /// not a subject are filed under the subject; of equal ones the cheapest to look up.
  [[nodiscard]] std::uint32_t choose(const std::vector<PinSet>& sets) {
    std::uint32_t best = kNone;
    std::pair<std::size_t, std::size_t> best_cost;
    for (std::uint32_t i = 0; i < sets.size(); ++i) {
      std::pair<std::size_t, std::size_t> cost;
      for (const Pin& pin : sets[i]) {
        cost.first += load_of(pin);
        cost.second += pin.kind == Pin::Kind::exact ? 1 : 2;
      }
      if (best != kNone && cost >= best_cost) continue;
      best = i;
      best_cost = cost;
    }
    return best;
  }

  void file(const Pin& pin, Entry& entry) {
    AttributeTable& table = tables_[pin.attribute];
    auto number = table.find(pin);
    if (!number) {
      number = buckets_.make();
      table.insert(pin, *number);
    }
    buckets_.at(*number).push_back(&entry);
  }

  void unfile(const Pin& pin, const Entry& entry) {
    const auto table = tables_.find(pin.attribute);
    SLUICE_ASSERT(table != tables_.end());
    const auto number = table->second.find(pin);
    SLUICE_ASSERT(number);
    Bucket& bucket = buckets_.at(*number);
    erase_from(bucket, &entry);
    if (!bucket.empty()) return;
    table->second.erase(pin);
    buckets_.give_back(*number);
    if (table->second.is_empty()) tables_.erase(table);
  }

  std::unordered_map<Id, Entry> entries_;
  std::unordered_map<std::string, AttributeTable, TextHash, std::equal_to<>> tables_;
  Buckets buckets_;
  Bucket always_;
  std::uint64_t round_ = 0;
};

FilterIndex::FilterIndex() : tables_(std::make_unique<Tables>()) {}

FilterIndex::~FilterIndex() = default;

void FilterIndex::add(Id id, FilterPtr filter) { tables_->add(id, std::move(filter)); }

void FilterIndex::remove(Id id) { tables_->remove(id); }

void FilterIndex::match(const Event& event, std::vector<Id>& matched) const {
  matched.clear();
  tables_->match(event, matched);
}

}  // namespace sluice
