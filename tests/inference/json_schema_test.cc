// Schemas as grammars, in tables: which texts each accepts and refuses, byte by byte; what is not
// supported, by its JSON pointer; what hostile schemas come to and how long that takes.

#include "inference/json_schema.h"

#include "inference/grammar_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <vector>

namespace sluice::inference {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

struct Language {
  std::string schema;
  std::vector<std::string> accepted;
  std::vector<std::string> refused;
};

const std::vector<Language> kLanguages{
    {R"({"type": "string"})",
     {R"("")", R"("a b")", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"", R"("\"\\\b\f\n\r\t")"},
     {"",
      "\"",
      "\"a",
      "\"\n\"",
      "\"\x1F\"",
      R"("\/")",
      R"("\u0041")",
      R"("\x")",
      "\"\x80\"",
      " \"\"",
      "\"\" ",
      "'a'",
      "\"\xC0\x80\"",
      "\"\xE0\x80\x80\"",
      "\"\xED\xA0\x80\"",
      "\"\xF0\x80\x80\x80\"",
      "\"\xF4\x90\x80\x80\"",
      "\"\xF5\x80\x80\x80\"",
      "\"\xC3\"",
      "\"\xE2\x82\"",
      "\"\xC1\xBF\""}},
    {R"({"type": "string", "minLength": 2, "maxLength": 3})",
     {R"("ab")", R"("\n\"\\")", "\"\xF0\x9F\x98\x80\xC3\xA9\""},
     {R"("")", R"("a")", R"("abcd")", "\"\xF0\x9F\x98\x80\""}},
    {R"({"type": "integer"})",
     {"0", "7", "-1", "10", "999999999999999", "-999999999999999"},
     {"-0", "00", "01", "+1", "1.0", "1e3", "", "-", "1000000000000000", " 1"}},
    {R"({"type": "number"})",
     {"0", "-1", "0.5", "-0.000001", "12.340000", "0.0"},
     {"-0", "-0.0", ".5", "5.", "1e3", "0.0000001", "00.5", "NaN", "-.5"}},
    {R"({"type": "number", "minimum": 0, "maximum": 1})",
     {"0", "1", "0.0", "0.999999"},
     {"1.0", "1.000001", "-0.1", "2", "10"}},
    {R"({"type": "number", "exclusiveMinimum": -1, "exclusiveMaximum": 2})",
     {"-0.5", "0", "1", "1.999999", "-0.999999"},
     {"-1", "-1.0", "2", "-1.5", "2.0"}},
    {R"({"type": "number", "exclusiveMinimum": 3})",
     {"3.000001", "3.10", "4", "30"},
     {"3", "3.0", "3.000000", "2.9", "0.5"}},
    {R"({"type": "integer", "minimum": -12, "exclusiveMaximum": 105})",
     {"-12", "-9", "0", "104", "99"},
     {"-13", "105", "200", "-20", "1000"}},
    {R"({"type": "integer", "minimum": 1.5, "maximum": 3.5, "exclusiveMaximum": 3})",
     {"2"},
     {"1", "3", "4"}},
    {R"({"type": "integer", "minimum": 2000000000000000})",
     {"2000000000000000", "999999999999999999"},
     {"1999999999999999", "1000000000000000000"}},
    {R"({"type": ["null", "boolean"]})", {"null", "true", "false"}, {"nul", "True", "truefalse"}},
    {R"({"type": "array", "items": {"type": "integer"}})",
     {"[]", "[1]", "[1, 2, 30]"},
     {"[1,2]", "[ ]", "[1, ]", "[1 , 2]", "[", "[1", "[1]]", "[,1]", "[true]"}},
    {R"({"type": "array", "items": {"type": "null"}, "minItems": 1, "maxItems": 2})",
     {"[null]", "[null, null]"},
     {"[]", "[null, null, null]"}},
    {R"({"type": "array", "items": false})", {"[]"}, {"[1]", "[null]"}},
    {R"({"type": "array", "minItems": 2})", {"[1, {}]", "[[], \"\", null]"}, {"[]", "[1]"}},
    {R"({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "integer"},
         "c": {"type": "null"}}, "required": ["b"], "additionalProperties": false})",
     {R"({"b": 1})", R"({"a": null, "b": 1})", R"({"a": null, "b": 1, "c": null})",
      R"({"b": 12, "c": null})"},
     {"{}", R"({"a": null})", R"({"b": 1, "a": null})", R"({"b": 1, "d": 1})", R"({"b": 1, })",
      R"({"b": 1, "b": 1})", R"({"b":1})", R"({"c": null, "b": 1})", R"({, "b": 1})"}},
    {R"({"type": "object", "properties": {"a/~\"\n": {"const": 1}}})",
     {"{}", R"({"a/~\"\n": 1})"},
     {R"({"a": 1})", R"({"x": 1})"}},
    {R"({"type": "object", "additionalProperties": false})", {"{}"}, {R"({"a": 1})", "{ }"}},
    {R"({"type": "object", "additionalProperties": {"type": "integer"}})",
     {"{}", R"({"a": 1})", R"({"": 1, "\n": 2})"},
     {R"({"a": "b"})", R"({"a": 1,"b": 2})", R"({a: 1})"}},
    {R"({"type": "object"})", {"{}", R"({"a": [{"b": null}]})"}, {"[]", "null"}},
    {"{}",
     {"1", "[]", R"({"a": [true, "x", -0.5]})", "[[[[[[[[1]]]]]]]]"},
     {"", "[[[[[[[[[1]]]]]]]]]"}},
    {"true", {"null"}, {"nil"}},
    {R"({"enum": ["a", "ab", 1, 12, null, {"k": [1, 2]}, "\u0001\u00e9/"]})",
     {R"("a")", R"("ab")", "1", "12", "null", R"({"k": [1, 2]})", "\"\\u0001\xC3\xA9/\""},
     {"\"b\"", "2", "122", "\"abc\"", R"({"k":[1,2]})"}},
    {R"({"type": "string", "enum": ["a", 1, "b"]})", {R"("a")", R"("b")"}, {"1"}},
    {R"({"const": "x", "title": "t", "description": "d", "default": 1, "examples": [],
         "$schema": "s", "$comment": "c"})",
     {R"("x")"},
     {"\"y\""}},
    {R"({"anyOf": [{"type": "integer"}, {"type": "object", "properties": {"a": {"const": 1}},
         "required": ["a"]}, {"type": "object", "properties": {"a": {"const": 12}}}]})",
     {"5", R"({"a": 1})", R"({"a": 12})", "{}"},
     {R"({"a": 2})", "null", R"({"a": 1, "a": 12})"}},
    {R"({"$ref": "#/$defs/n~1", "$defs": {"n/": {"type": "object", "properties":
         {"next": {"anyOf": [{"$ref": "#/$defs/n~1"}, {"type": "null"}]}},
         "required": ["next"]}}})",
     {R"({"next": null})", R"({"next": {"next": null}})"},
     {"{}", "null", R"({"next": {}})"}},
    {R"({"type": "array", "items": {"$ref": "#"}})", {"[]", "[[], [[]]]"}, {"[1]", "[[]"}},
    // A branch without an end is left out, as is a property that no value fits.
    {R"({"anyOf": [{"type": "array", "items": {"$ref": "#/definitions/endless"}, "minItems": 1},
         {"type": "null"}], "definitions": {"endless": {"type": "array", "minItems": 1,
         "items": {"$ref": "#/definitions/endless"}}}})",
     {"null"},
     {"[[", "[[]]"}},
};

TEST(JsonSchema, AcceptsItsTextsAndNoOthers) {
  for (const Language& language : kLanguages) {
    const auto grammar = json_schema_grammar(Json::parse(language.schema));
    ASSERT_TRUE(grammar) << language.schema << '\n' << grammar.error().detail;
    for (const auto& text : language.accepted)
      EXPECT_TRUE(accepts(*grammar.value(), text)) << language.schema << '\n' << text;
    for (const auto& text : language.refused)
      EXPECT_FALSE(accepts(*grammar.value(), text)) << language.schema << '\n' << text;
  }
}

TEST(JsonSchema, NulIsNoCharacter) {
  const auto grammar = json_schema_grammar(Json::parse(R"({"type": "string"})")).value();
  EXPECT_FALSE(accepts(*grammar, std::string("\"\0\"", 3)));
}

struct Refusal {
  std::string schema;
  std::string why;
};

const std::vector<Refusal> kRefusals{
    {R"({"type": "string", "pattern": "a+"})", "#/pattern: this keyword is not supported"},
    {R"({"type": "string", "format": "date"})", "#/format: this keyword is not supported"},
    {R"({"oneOf": []})", "#/oneOf: this keyword is not supported"},
    {R"({"type": "object", "properties": {"a/b~": {"not": {}}}})",
     "#/properties/a~1b~0/not: this keyword is not supported"},
    {R"({"type": "array", "items": {"type": "integer", "multipleOf": 2}})",
     "#/items/multipleOf: this keyword is not supported"},
    {R"({"type": "array", "items": [{"type": "integer"}]})", "#/items: must be an object"},
    {R"({"$ref": "#/$defs/a", "$defs": {"a": {"uniqueItems": true}}})",
     "#/$defs/a/uniqueItems: this keyword is not supported"},
    {R"({"properties": {}})", "#/properties: not supported where there is no type"},
    {R"({"type": "string", "minItems": 1})", "#/minItems: says nothing of this type"},
    {R"({"anyOf": [{"type": "null"}], "type": "null"})", "#/type: not supported beside anyOf"},
    {R"({"enum": ["a"], "maxLength": 1})", "#/maxLength: not supported beside enum"},
    {R"({"enum": ["a"], "const": "a"})", "not supported beside"},
    {R"({"$ref": "#", "type": "null"})", "#/type: not supported beside $ref"},
    {R"({"$ref": "other.json"})", "#/$ref: only #"},
    {R"({"$ref": "#/$defs/a/properties/b"})", "#/$ref: only #"},
    {R"({"$ref": "#/$defs/missing"})", "#/$ref: leads nowhere: #/$defs/missing"},
    {R"({"$ref": 1})", "#/$ref: must be a string"},
    {R"({"$ref": "#"})", "no text of at most"},
    {R"({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]})", "no text of at most"},
    {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})",
     "no text of at most"},
    {"false", "no text of at most"},
    {"[]", "#: must be an object, true or false"},
    {R"({"type": "any"})", "#/type: must be one or a list"},
    {R"({"type": []})", "#/type: the list is empty"},
    {R"({"type": ["null", "null"]})", "#/type: lists a type twice"},
    {R"({"type": "object", "properties": 1})", "#/properties: must be an object"},
    {R"({"type": "object", "required": ["a"]})", "#/required: 'a' is not among"},
    {R"({"type": "object", "required": "a"})", "#/required: must be a list of strings"},
    {R"({"type": "object", "properties": {"a": {}}, "additionalProperties": {}})",
     "#/additionalProperties: beside properties only true or false"},
    {R"({"type": "array", "minItems": -1})", "#/minItems: must be a whole number"},
    {R"({"type": "array", "minItems": 1.5})", "#/minItems: must be a whole number"},
    {R"({"type": "array", "minItems": 3, "maxItems": 2})", "#/minItems: is above maxItems"},
    {R"({"type": "string", "minLength": "1"})", "#/minLength: must be a whole number"},
    {R"({"type": "string", "maxLength": 1000000})", "#/maxLength: supported up to 65536"},
    {R"({"type": "integer", "minimum": "1"})", "#/minimum: must be a number"},
    {R"({"type": "integer", "exclusiveMinimum": true})", "#/exclusiveMinimum: must be a number"},
    {R"({"type": "integer", "minimum": 1e18})", "#/minimum: supported up to 999999999999999999"},
    {R"({"type": "integer", "maximum": 18446744073709551615})", "#/maximum: supported up to"},
    {R"({"type": "integer", "minimum": 2, "maximum": 1})", "#: no number is between the bounds"},
    {R"({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2})", "no text of at most"},
    {R"({"type": "number", "minimum": 0.5})", "#/minimum: of a number it must be whole"},
    {R"({"type": "number", "maximum": 1e9})", "#/maximum: supported up to 999999999"},
    {R"({"enum": []})", "#/enum: has no value"},
    {R"({"enum": {}})", "#/enum: must be a list"},
    {R"({"enum": [1], "type": "string"})", "#/enum: has no value"},
    {R"({"anyOf": []})", "#/anyOf: must be a list of schemas"},
    {R"({"anyOf": [{"type": "null"}, 1]})", "#/anyOf/1: must be an object"},
};

TEST(JsonSchema, RefusesWhatItDoesNotUnderstandByItsPlace) {
  for (const Refusal& refusal : kRefusals) {
    const auto grammar = json_schema_grammar(Json::parse(refusal.schema));
    ASSERT_FALSE(grammar) << refusal.schema;
    EXPECT_EQ(grammar.error().code, Errc::invalid_argument);
    EXPECT_THAT(grammar.error().detail, HasSubstr(refusal.why)) << refusal.schema;
  }
}

TEST(JsonSchema, StringsThatAreNotUtf8AreRefused) {
  const auto grammar = json_schema_grammar(Json{{"const", "\xFF"}});
  ASSERT_FALSE(grammar);
  EXPECT_EQ(grammar.error().code, Errc::invalid_argument);
}

TEST(JsonSchema, RecursionIsBounded) {
  const auto schema = Json::parse(R"({"type": "array", "items": {"$ref": "#"}})");
  const auto grammar = json_schema_grammar(schema).value();
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::size_t most = GrammarLimits{}.recursion + 2;  // The root and level 0 above them.
  EXPECT_TRUE(accepts(*grammar, nested(most)));
  EXPECT_FALSE(accepts(*grammar, nested(most + 1)));
}

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

/// 2 to the power of `levels` values, all required.
std::string doubling(int levels) {
  std::string definitions;
  for (int i = 0; i < levels; ++i) {
    const std::string next = R"({"$ref": "#/$defs/d)" + std::to_string(i + 1) + R"("})";
    definitions += R"("d)" + std::to_string(i) + R"(": {"type": "object", "properties": {"a": )" +
                   next + R"(, "b": )" + next + R"(}, "required": ["a", "b"]}, )";
  }
  return R"({"$ref": "#/$defs/d0", "$defs": {)" + definitions + R"("d)" + std::to_string(levels) +
         R"(": {"type": "null"}}})";
}

/// Each of `count` definitions is any of all of them.
std::string knot(int count) {
  std::string refs;
  for (int i = 0; i < count; ++i)
    refs += R"({"type": "array", "items": {"$ref": "#/$defs/d)" + std::to_string(i) + R"("}}, )";
  std::string definitions;
  for (int i = 0; i < count; ++i)
    definitions +=
        R"("d)" + std::to_string(i) + R"(": {"anyOf": [)" + refs + R"({"type": "null"}]}, )";
  return R"({"$ref": "#/$defs/d0", "$defs": {)" + definitions + R"("end": {}}})";
}

std::string large_enum(int count) {
  std::string values("0");
  for (int i = 0; i < count; ++i)
    values += ", \"a rather long value number " + std::to_string(i) + '"';
  return R"({"enum": [)" + values + "]}";
}

TEST(JsonSchema, HostileSchemasAreRefusedInTime) {
  const std::vector<Refusal> hostile{
      {repeat(R"({"type": "array", "items": )", 5000) + "{}" + repeat("}", 5000), "levels deep"},
      {R"({"const": )" + repeat("[", 5000) + repeat("]", 5000) + "}", "nested too deeply"},
      {repeat(R"({"anyOf": [)", 40) + "{}" + repeat(", {}]}", 40), "alternatives"},
      {doubling(40), "no text of at most 1048576 bytes"},
      {large_enum(100'000), "more than 200000 states"},
      {large_enum(200'000), "#/enum: more than 4000000 bytes"},
      {R"({"type": "array", "minItems": 150000})", "more than 200000 states"},
      {R"({"type": "array", "maxItems": 4000000000})", "supported up to"},
      {repeat(R"({"type": "array", "maxItems": 2000, "items": )", 60) + "{}" + repeat("}", 60),
       "more than 200000 states"},
      {knot(70), "more than"},
  };
  for (const Refusal& refusal : hostile) {
    const auto schema = Json::parse(refusal.schema);
    const std::clock_t begin = std::clock();  // Of this process: the machine may be busy.
    const auto grammar = json_schema_grammar(schema);
    EXPECT_LT(std::clock() - begin, 5 * CLOCKS_PER_SEC) << refusal.schema.substr(0, 100);
    ASSERT_FALSE(grammar) << refusal.schema.substr(0, 100);
    EXPECT_THAT(grammar.error().detail, HasSubstr(refusal.why));
  }
}

}  // namespace
}  // namespace sluice::inference
