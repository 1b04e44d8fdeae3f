#pragma once

#include "inference/grammar.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// The rules of JSON values, in the one spelling that we write: on one line, with this between the
/// entries of lists and objects and between a key and its value, and no other white space.
inline constexpr std::string_view kItemSeparator = ", ";
inline constexpr std::string_view kKeySeparator = ": ";

/// A string, list or number without an upper bound.
inline constexpr std::uint32_t kNoMaximum = 0xFFFFFFFF;
/// How deep lists and objects nest where a schema says nothing of the value.
inline constexpr int kAnyNesting = 8;

/// A value in that spelling. Strings have to be UTF-8: nlohmann throws otherwise.
[[nodiscard]] std::string spell(const nlohmann::ordered_json& value);

/// One of `texts`.
StateId add_texts(GrammarBuilder& builder, std::span<const std::string> texts);

StateId add_string(GrammarBuilder& builder, std::uint32_t min_chars, std::uint32_t max_chars);

/// A list of values of the rule `item`.
StateId add_array(GrammarBuilder& builder, StateId item, std::uint32_t min_items,
                  std::uint32_t max_items);

struct GrammarProperty {
  std::string key;
  StateId value = 0;
  bool required = false;
};

/// An object with these properties, in this order and none besides. Takes a state for each byte of
/// each key that may come next, so optional properties cost most: n of them O(n * n).
StateId add_object(GrammarBuilder& builder, std::span<const GrammarProperty> properties);

/// An object with any keys; nothing keeps a key from coming twice.
StateId add_map(GrammarBuilder& builder, StateId value);

/// Any value; lists and objects at most kAnyNesting deep.
StateId add_any(GrammarBuilder& builder);

}  // namespace sluice::inference
