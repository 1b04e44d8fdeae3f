// What is checked: the scanner accepts what RFC 8259 accepts: against nlohmann over arbitrary
// near-JSON, where the two agree but for numbers that fit no double; members are slices of the
// document; strings are escaped and unescaped.

#include "event/json_scanner.h"
#include "event/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include <sys/mman.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

TEST(JsonScanner, TakesValuesOfAnyKind) {
  for (const char* text : {"null", " true ", "false", "0", "-0", "1.5e-7", "1e400", "\"\"", "[]",
                           "{}", "[[],{}]", "\t[1 , 2]\r\n", R"({"a":{"a":[null]}})",
                           R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""}) {
    EXPECT_TRUE(JsonScanner::is_json(text)) << text;
  }
}

TEST(JsonScanner, RefusesTheRest) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "truefalse",
                           "1 2",
                           "01",
                           "1.",
                           "--1",
                           "\"",
                           "\"a\"b",
                           "[",
                           "]",
                           "[}",
                           "{]",
                           "[,]",
                           "[1,]",
                           "{1:2}",
                           "{\"a\":1,}",
                           "{\"a\"}",
                           "[1\\,2]",
                           "tru\"x\"",
                           "\"\\x\"",
                           "\"\t\"",
                           "\\\"a\\\"",
                           "\"a\"\"b\"",
                           "[\"a\"\\\"b\"]",
                           "/*c*/1",
                           "\x80",
                           "\"\xc0\x80\""}) {
    EXPECT_FALSE(JsonScanner::is_json(text)) << text;
  }
  EXPECT_FALSE(JsonScanner::is_json(std::string_view("1\0", 2)));
  EXPECT_FALSE(JsonScanner::is_json(std::string_view("\0", 1)));
}

TEST(JsonScanner, HandsOutMembersAsTheyStand) {
  const std::string text = R"( { "a" : [1, 2 ] , "b\n":{"c":"}"}, "d":-1.50 } )";
  JsonScanner scanner;
  ASSERT_TRUE(scanner.open_object(text));
  std::vector<std::pair<std::string, std::string>> members;
  JsonMember member;
  while (true) {
    const auto more = scanner.next(member);
    ASSERT_TRUE(more) << more.error().detail;
    if (!more.value()) break;
    members.emplace_back(member.name, member.value);
  }
  const std::vector<std::pair<std::string, std::string>> want = {
      {"a", "[1, 2 ]"}, {"b\\n", R"({"c":"}"})"}, {"d", "-1.50"}};
  EXPECT_EQ(members, want);
}

TEST(JsonScanner, HandsOutElementsAsTheyStand) {
  JsonScanner scanner;
  ASSERT_TRUE(scanner.open_array(R"( [ 1 , {"a":[2 ]} ,[ ], "]" ] )"));
  std::vector<std::string> elements;
  std::string_view element;
  while (true) {
    const auto more = scanner.next_element(element);
    ASSERT_TRUE(more) << more.error().detail;
    if (!more.value()) break;
    elements.emplace_back(element);
  }
  EXPECT_EQ(elements, (std::vector<std::string>{"1", R"({"a":[2 ]})", "[ ]", R"("]")"}));
}

/// A page of memory with one behind it that nobody may read.
class GuardedPage {
 public:
  GuardedPage() {
    void* const pages =
        mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(pages, MAP_FAILED);
    start_ = static_cast<char*>(pages);
    EXPECT_EQ(mprotect(start_ + kPage, kPage, PROT_NONE), 0);
  }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;
  ~GuardedPage() { munmap(start_, 2 * kPage); }

  /// `text` so that it ends where the page does.
  [[nodiscard]] std::string_view at_end(std::string_view text) {
    char* const target = start_ + kPage - text.size();
    std::memcpy(target, text.data(), text.size());
    return {target, text.size()};
  }

 private:
  static constexpr std::size_t kPage = 4096;
  char* start_ = nullptr;
};

TEST(JsonScanner, ReadsNothingBehindTheText) {
  GuardedPage page;
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string good = "[\"" + std::string(size, 'x') + "\"]";
    EXPECT_TRUE(JsonScanner::is_json(page.at_end(good)));
    for (const char* end : {"\"", "\\", "\\u12", "\xe2\x82", "1", "tru", "-", "{"}) {
      EXPECT_FALSE(JsonScanner::is_json(page.at_end(good.substr(0, good.size() - 2) + end)));
      EXPECT_FALSE(JsonScanner::is_json(page.at_end("[" + std::string(size, ' ') + end)));
    }
  }
}

std::string near_json() {
  const auto piece = rc::gen::element<std::string>(
      "{", "}", "[", "]", ":", ",", "\"a\"", "\"", "\\", "null", "true", "fals", "0", "12", "-",
      ".", "e1", " ", "\n", "\"k\":", "[]", "{}", "\\n", "\"\\u00e9\"", "\xc3\xa9", "\xff", "x");
  std::string text;
  for (const auto& p : *rc::gen::container<std::vector<std::string>>(piece)) text += p;
  return text;
}

RC_GTEST_PROP(JsonScanner, AgreesWithNlohmannAboutNearJson, ()) {
  const std::string text = near_json();
  RC_ASSERT(JsonScanner::is_json(text) == nlohmann::json::accept(text));
}

/// The elements of `text`, or nothing where it is no array.
std::optional<std::vector<std::string>> elements_of(std::string_view text) {
  JsonScanner scanner;
  if (!scanner.open_array(text)) return std::nullopt;
  std::vector<std::string> elements;
  std::string_view element;
  while (true) {
    const auto more = scanner.next_element(element);
    if (!more) return std::nullopt;
    if (!more.value()) return elements;
    elements.emplace_back(element);
  }
}

RC_GTEST_PROP(JsonScanner, AgreesWithNlohmannAboutNearArrays, ()) {
  const std::string text = "[" + near_json() + "]";
  const auto elements = elements_of(text);
  const auto want = nlohmann::json::parse(text, nullptr, false);
  RC_ASSERT(elements.has_value() == want.is_array());
  RC_ASSERT(!elements || elements->size() == want.size());
  for (std::size_t i = 0; elements && i < want.size(); ++i) {
    RC_ASSERT(nlohmann::json::parse((*elements)[i]) == want[i]);
  }
}

RC_GTEST_PROP(JsonScanner, AgreesWithNlohmannAboutDamagedJson, ()) {
  std::string text = R"({"a":[1,-2.5e3,"x\ny",{"b":null,"c":[true,false,{}]}],"d":{"e":"\"\\"}})";
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  const auto bytes = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("{}[]:,\"\\ 0-.ex\t\x01\xc3")));
  text.replace(at, *rc::gen::inRange<std::size_t>(0, 4), bytes);
  RC_ASSERT(JsonScanner::is_json(text) == nlohmann::json::accept(text));
}

RC_GTEST_PROP(JsonText, EscapesAnyBytesSoThatTheyComeBack, (const std::string& bytes)) {
  std::string text;
  append_json_string(bytes, text);
  RC_ASSERT(text.size() >= 2U);
  const std::string_view raw = std::string_view(text).substr(1, text.size() - 2);
  std::string target(raw.size(), '\0');
  RC_ASSERT(are_json_escapes_valid(raw));
  RC_ASSERT(unescape_json(raw, target.data()).value() == bytes);
}

}  // namespace
}  // namespace sluice
