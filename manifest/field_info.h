#pragma once

#include "manifest/findings.h"
#include "manifest/yaml.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What was read for one field, and where; `node` is null when the field is absent.
template <typename T>
struct Value {
  T value{};
  const YamlNode* node = nullptr;

  explicit operator bool() const noexcept { return node != nullptr; }
  const T& operator*() const noexcept { return value; }
  const T* operator->() const noexcept { return &value; }
};

using StringMap = std::map<std::string, Value<std::string>>;
using StringList = std::vector<Value<std::string>>;

/// A field that is accepted as it is, and looked at elsewhere or nowhere.
struct AnyYaml {};

struct ShapeInfo;

/// What people are told about one field.
struct FieldInfo {
  std::string_view key;
  std::string_view about;          ///< One sentence.
  bool required = false;           ///< A required list has one element at least.
  std::string_view fallback = {};  ///< The default, in words of the manifest.
  std::int64_t min = 0;            ///< Of an integer, or of a duration in milliseconds.
  std::int64_t max = std::numeric_limits<std::int32_t>::max();
  std::string_view type = {};             ///< Filled in by field().
  const ShapeInfo& (*shape)() = nullptr;  ///< Of an object, or of a list's elements.
  std::span<const std::string_view> (*words)() = nullptr;  ///< Where one of these is wanted.
};

struct ShapeInfo {
  std::string_view name;  ///< As errors call it, e.g. "Trigger spec", "delivery".
  std::vector<FieldInfo> fields;
};

/// The name of a type for people, e.g. "duration". One overload a type; structs are below.
inline std::string_view type_name(const std::string*) { return "string"; }
inline std::string_view type_name(const bool*) { return "boolean"; }
inline std::string_view type_name(const std::int64_t*) { return "integer"; }
inline std::string_view type_name(const std::chrono::milliseconds*) { return "duration"; }
inline std::string_view type_name(const StringMap*) { return "map of strings"; }
inline std::string_view type_name(const StringList*) { return "list of strings"; }
inline std::string_view type_name(const AnyYaml*) { return "any"; }

/// Reads one value. False, with a finding, when it is not of the type.
bool read_value(const YamlNode&, const FieldInfo&, Findings&, std::string& out);
bool read_value(const YamlNode&, const FieldInfo&, Findings&, bool& out);
bool read_value(const YamlNode&, const FieldInfo&, Findings&, std::int64_t& out);
bool read_value(const YamlNode&, const FieldInfo&, Findings&, std::chrono::milliseconds& out);
bool read_value(const YamlNode&, const FieldInfo&, Findings&, StringMap& out);
bool read_value(const YamlNode&, const FieldInfo&, Findings&, StringList& out);
inline bool read_value(const YamlNode&, const FieldInfo&, Findings&, AnyYaml&) { return true; }

// What the templates of field_table.h share.
bool read_word(const YamlNode&, const FieldInfo&, std::span<const std::string_view> words,
               Findings&, std::size_t& out);
bool expect_mapping(const YamlNode&, std::string_view what, Findings&);
bool expect_list(const YamlNode&, const FieldInfo&, Findings&);
/// The field that `key` names. An unknown one is a finding; then the field that was probably meant,
/// where that is absent, so that its value is checked as well. The number of fields otherwise.
std::size_t field_index(const YamlNode& node, const YamlNode& key, const ShapeInfo&, Findings&);
void missing_field(const YamlNode& parent, const FieldInfo&, const ShapeInfo&, Findings&);
void empty_field(const YamlNode& key, const FieldInfo&, const ShapeInfo&, Findings&);

}  // namespace sluice
