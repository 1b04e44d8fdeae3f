#include "inference/json_grammar.h"

#include "inference/number_grammar.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;

void add_closing(GrammarBuilder& builder, StateId from, char bracket, StateId end) {
  builder.add_edge(from, static_cast<std::uint8_t>(bracket), static_cast<std::uint8_t>(bracket),
                   end);
}

}  // namespace

std::string spell(const Json& value) {
  if (!value.is_structured()) return value.dump();
  std::string text(value.is_object() ? "{" : "[");
  for (const auto& [key, entry] : value.items()) {
    if (text.size() > 1) text += kItemSeparator;
    if (value.is_object()) text.append(Json(key).dump()).append(kKeySeparator);
    text += spell(entry);
  }
  return text += value.is_object() ? '}' : ']';
}

StateId add_texts(GrammarBuilder& builder, std::span<const std::string> texts) {
  const StateId start = builder.add_state();
  for (const std::string& text : texts) {
    if (builder.is_full()) break;
    builder.set_ends(builder.add_bytes(start, text));
  }
  return start;
}

StateId add_string(GrammarBuilder& builder, std::uint32_t min_chars, std::uint32_t max_chars) {
  const StateId start = builder.add_state();
  builder.add_edge(start, '"', '"', builder.add_text(min_chars, max_chars, builder.add_end()));
  return start;
}

StateId add_array(GrammarBuilder& builder, StateId item, std::uint32_t min_items,
                  std::uint32_t max_items) {
  const StateId start = builder.add_state();
  const StateId end = builder.add_end();
  const StateId empty = builder.add_state();
  if (min_items == 0) add_closing(builder, empty, ']', end);
  if (max_items == 0) {
    builder.add_edge(start, '[', '[', empty);
    return start;
  }
  StateId after = builder.add_state();  // Behind the first item.
  builder.add_edge(start, '[', '[', builder.add_either({empty, builder.add_call(item, after)}));
  for (std::uint32_t count = 1; !builder.is_full(); ++count) {
    if (count >= min_items) add_closing(builder, after, ']', end);
    if (count == max_items) break;
    if (max_items == kNoMaximum && count >= min_items) {
      builder.add_bytes_to(after, kItemSeparator, builder.add_call(item, after));
      break;
    }
    const StateId next = builder.add_state();
    builder.add_bytes_to(after, kItemSeparator, builder.add_call(item, next));
    after = next;
  }
  return start;
}

StateId add_object(GrammarBuilder& builder, std::span<const GrammarProperty> properties) {
  const StateId start = builder.add_state();
  const StateId end = builder.add_end();
  std::vector<StateId> values(properties.size());  // Where the key has been written.
  // Adds to `from` what may come when the properties before `first` are behind us.
  const auto add_rest = [&](StateId from, std::size_t first, std::string_view separator) {
    for (std::size_t i = first; i < properties.size() && !builder.is_full(); ++i) {
      std::string bytes(separator);
      bytes.append(Json(properties[i].key).dump()).append(kKeySeparator);
      builder.add_bytes_to(from, bytes, values[i]);
      if (properties[i].required) return;
    }
    add_closing(builder, from, '}', end);
  };
  for (std::size_t i = properties.size(); i-- > 0;) {
    const StateId after = builder.add_state();
    add_rest(after, i + 1, kItemSeparator);
    values[i] = builder.add_call(properties[i].value, after);
  }
  const StateId open = builder.add_state();
  builder.add_edge(start, '{', '{', open);
  add_rest(open, 0, "");
  return start;
}

StateId add_map(GrammarBuilder& builder, StateId value) {
  const StateId start = builder.add_state();
  const StateId end = builder.add_end();
  const StateId open = builder.add_state();
  const StateId after = builder.add_state();
  const StateId colon = builder.add_state();
  builder.add_bytes_to(colon, kKeySeparator, builder.add_call(value, after));
  const StateId key = builder.add_text(0, kNoMaximum, colon);
  builder.add_edge(start, '{', '{', open);
  add_closing(builder, open, '}', end);
  add_closing(builder, after, '}', end);
  builder.add_edge(open, '"', '"', key);
  builder.add_bytes_to(after, std::string(kItemSeparator) + '"', key);
  return start;
}

StateId add_any(GrammarBuilder& builder) {
  const std::array<std::string, 3> words{"true", "false", "null"};
  NumberRange numbers;
  numbers.has_fraction = true;
  const StateId scalar =
      builder.add_either({add_texts(builder, words), add_number(builder, numbers),
                          add_string(builder, 0, kNoMaximum)});
  StateId any = scalar;
  for (int level = 0; level < kAnyNesting; ++level) {
    const StateId array = add_array(builder, any, 0, kNoMaximum);
    any = builder.add_either({scalar, array, add_map(builder, any)});
  }
  return any;
}

}  // namespace sluice::inference
