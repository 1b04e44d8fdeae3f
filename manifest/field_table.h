#pragma once

// A kind's fields, described once. A struct with `Value` members and one table of `field<&S::m>()`
// lines next to it is all there is to say: the reader, the texts of errors and docs/resources.md
// all come from the table.

#include "manifest/field_info.h"

#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

/// Where a table is read into a struct.
template <typename T>
struct Field {
  FieldInfo info;
  void (*read)(const YamlNode::Entry& entry, const FieldInfo& info, Findings& findings, T& out);
};

template <typename T>
struct Shape {
  Shape(std::string_view name, std::vector<Field<T>> table) : fields(std::move(table)) {
    info.name = name;
    for (const auto& field : fields) info.fields.push_back(field.info);
  }
  ShapeInfo info;
  std::vector<Field<T>> fields;
};

/// Specialised by each struct that has a table.
template <typename T>
const Shape<T>& shape_of();

template <typename T>
const ShapeInfo& shape_info() {
  return shape_of<T>().info;
}

/// Specialised by each enum: the words of a manifest, in the order of the enumerators.
template <typename E>
std::span<const std::string_view> words_of();

/// Reads a mapping by the table of T. `parent` is where a missing field is reported: the key above.
template <typename T>
bool read_fields(const YamlNode& node, const YamlNode& parent, Findings& findings, T& out) {
  const Shape<T>& shape = shape_of<T>();
  if (!expect_mapping(node, shape.info.name, findings)) return false;
  std::vector<bool> seen(shape.fields.size());
  for (const auto& entry : node.entries) {
    const std::size_t index = field_index(node, *entry.key, shape.info, findings);
    if (index == shape.fields.size()) continue;
    seen[index] = true;
    const Field<T>& field = shape.fields[index];
    if (!entry.value->is_null()) {  // As in Kubernetes, null is absent.
      field.read(entry, field.info, findings, out);
    } else if (field.info.required) {
      empty_field(*entry.key, field.info, shape.info, findings);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const FieldInfo& info = shape.info.fields[i];
    if (info.required && !seen[i]) missing_field(parent, info, shape.info, findings);
  }
  return true;
}

template <typename T>
requires std::is_enum_v<T>
bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings, T& out) {
  std::size_t index = 0;
  if (!read_word(node, info, words_of<T>(), findings, index)) return false;
  out = static_cast<T>(index);
  return true;
}

/// A list of objects.
template <typename T>
bool read_value(const YamlNode& node, const FieldInfo& info, Findings& findings,
                std::vector<Value<T>>& out) {
  if (!expect_list(node, info, findings)) return false;
  for (const YamlNode* item : node.items) {
    Value<T>& element = out.emplace_back();
    element.node = item;
    read_fields(*item, *item, findings, element.value);
  }
  return true;
}

template <typename T>
struct MemberOf;
template <typename S, typename T>
struct MemberOf<Value<T> S::*> {
  using Struct = S;
  using Type = T;
};

template <typename T>
inline constexpr bool kIsList = false;
template <typename T>
inline constexpr bool kIsList<std::vector<Value<T>>> = true;
template <>
inline constexpr bool kIsList<StringList> = false;  // Its elements have no table.

/// A line of a table: the member that the field is read into, and what people are told. `S` is
/// given where the member is one of a base class.
template <auto Member, typename S = typename MemberOf<decltype(Member)>::Struct>
Field<S> field(FieldInfo info) {
  using T = typename MemberOf<decltype(Member)>::Type;
  if constexpr (kIsList<T>) {
    info.type = "list";
    info.shape = &shape_info<std::remove_cvref_t<decltype(T{}[0].value)>>;
  } else if constexpr (std::is_enum_v<T>) {
    info.type = "word";
    info.words = &words_of<T>;
  } else if constexpr (requires { type_name(static_cast<const T*>(nullptr)); }) {
    info.type = type_name(static_cast<const T*>(nullptr));
  } else {
    info.type = "object";
    info.shape = &shape_info<T>;
  }
  return {info,
          [](const YamlNode::Entry& entry, const FieldInfo& about, Findings& findings, S& out) {
            auto& member = out.*Member;
            if constexpr (requires { read_value(*entry.value, about, findings, member.value); }) {
              if (read_value(*entry.value, about, findings, member.value)) {
                member.node = entry.value;
              }
            } else {
              if (read_fields(*entry.value, *entry.key, findings, member.value)) {
                member.node = entry.value;
              }
            }
          }};
}

}  // namespace sluice
