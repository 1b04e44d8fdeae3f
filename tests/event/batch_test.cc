// What is checked: events in batch mode, read and written (CloudEvents JSON event format 1.0.2,
// section 4): each as in structured mode, all of one specversion, and that what is wrong is named
// by the index of its event.

#include "event/event_batch.h"

#include "tests/event/event_reading.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

const Headers kBatch = {{"Content-Type", "application/cloudevents-batch+json"}};

/// Reads a batch from a buffer that ends with it, so that ASan sees a read past its end.
Result<std::vector<EventPtr>> read_batch(std::string_view text, const Headers& headers = kBatch) {
  const auto bytes = std::make_unique_for_overwrite<char[]>(text.size());
  text.copy(bytes.get(), text.size());
  return events_from_http(headers, {bytes.get(), text.size()});
}

std::string event_named(const std::string& id, const std::string& version = "1.0") {
  return R"({"specversion":")" + version + R"(","id":")" + id + R"(","source":"/s","type":"t"})";
}

TEST(BatchMode, ReadsEachEventAsStructuredModeDoes) {
  const std::string rich =
      R"({ "specversion" : "1.0", "id":"2","source":"/s","type":"t","n":5,"gone":null,)"
      R"("text":"a\u00e9", "data" : { "n" : 1e400, "a":[1, 2] } })";
  const std::string binary = json_with(R"("data_base64":"AP8=")");
  const auto read = read_batch(" [ " + event_named("1") + ",\n" + rich + "\t, " + binary + " ] ");
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read.value().size(), 3U);
  EXPECT_EQ(read.value()[0]->id(), "1");
  EXPECT_EQ(json_of(*read.value()[1]), json_of(*read_json(rich).value()));
  EXPECT_EQ(read.value()[1]->data(), R"({ "n" : 1e400, "a":[1, 2] })") << "byte for byte";
  EXPECT_EQ(read.value()[2]->data(), std::string_view("\0\xff", 2));
}

TEST(BatchMode, TakesNoneOneAndTheSameTwice) {
  for (const char* none : {"[]", " [ ] ", "\n[\t]\r\n"}) {
    const auto read = read_batch(none);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_TRUE(read.value().empty());
  }
  EXPECT_EQ(read_batch("[" + event_named("1") + "]").value().size(), 1U);
  EXPECT_EQ(read_batch("[" + event_named("1") + "," + event_named("1") + "]").value().size(), 2U);
}

TEST(BatchMode, TakesEitherVersion) {
  const auto old = read_batch("[" + event_named("1", "0.3") + "," + event_named("2", "0.3") + "]");
  ASSERT_TRUE(old) << old.error().detail;
  for (const EventPtr& event : old.value()) EXPECT_EQ(event->specversion(), SpecVersion::v0_3);
}

TEST(BatchMode, GivesEveryEventTheHeadersThatTravelOn) {
  Headers headers = kBatch;
  headers.insert(headers.end(), {{"X-Request-ID", "r"}, {"Authorization", "secret"}});
  const auto read = read_batch("[" + event_named("1") + "," + event_named("2") + "]", headers);
  ASSERT_TRUE(read) << read.error().detail;
  for (const EventPtr& event : read.value()) {
    EXPECT_EQ(event->header("x-request-id"), "r");
    EXPECT_FALSE(event->header("authorization"));
  }
}

TEST(BatchMode, KeepsEachEventsDataApart) {
  std::vector<EventPtr> events;
  {
    const std::string large(100'000, 'x');
    const std::string one = json_with(R"("data":")" + large + R"(")");
    events = read_batch("[" + one + "," + event_named("2") + "]").value();
  }
  EXPECT_EQ(events[0]->data().size(), 100'002U) << "the text it was read from has gone";
  EXPECT_LT(events[1]->size_bytes(), 1000U);
}

TEST(BatchMode, NestsAsDeepAsASingleEvent) {
  const auto nested = [](int levels) {
    const auto times = static_cast<std::size_t>(levels);
    return json_with(R"("data":)" + std::string(times, '[') + std::string(times, ']'));
  };
  EXPECT_TRUE(read_json(nested(63)));
  EXPECT_TRUE(read_batch("[" + event_named("1") + "," + nested(63) + "]"));
  const auto deeper = read_batch("[" + event_named("1") + "," + nested(64) + "]");
  ASSERT_FALSE(deeper);
  EXPECT_EQ(deeper.error().detail.find("event 1: malformed JSON"), 0U) << deeper.error().detail;
}

struct BadBatch {
  std::string text;
  const char* message;  // How the detail begins.
};

class BadBatchEvents : public testing::TestWithParam<BadBatch> {};

TEST_P(BadBatchEvents, AreRefusedAsAWholeAndNamed) {
  const auto read = read_batch(GetParam().text);
  ASSERT_FALSE(read) << GetParam().text;
  EXPECT_EQ(read.error().code, Errc::invalid_argument);
  EXPECT_EQ(read.error().detail.find(GetParam().message), 0U)
      << GetParam().text << ": " << read.error().detail;
  EXPECT_EQ(read.error().detail.find_first_of("\r\n"), std::string::npos) << "one line";
}

/// A batch whose third event is `third`; behind it stands another good one.
std::string third(const std::string& text) {
  return "[" + event_named("a") + "," + event_named("b") + "," + text + "," + event_named("d") +
         "]";
}

INSTANTIATE_TEST_SUITE_P(
    Events, BadBatchEvents,
    testing::Values(
        BadBatch{third("{}"), "event 2: 'specversion' is required and missing"},
        BadBatch{third(R"({"specversion":"1.0","source":"/s","type":"t"})"),
                 "event 2: attribute 'id' is required and missing"},
        BadBatch{third(json_with(R"("time":"now")")),
                 "event 2: attribute 'time' is not an RFC 3339"},
        BadBatch{third(json_with(R"("id":"2")")), "event 2: member 'id' stands there twice"},
        BadBatch{third(json_with(R"("data":1,"data_base64":"")")), "event 2: 'data' and"},
        BadBatch{third(event_named("c", "2.0")),
                 "event 2: attribute 'specversion' is neither 1.0 nor 0.3"},
        BadBatch{third(event_named("c", "0.3")),
                 "event 2: 'specversion' is 0.3, and that of event 0 is 1.0: a batch has one"},
        BadBatch{"[" + event_named("a", "0.3") + "," + event_named("b") + "]",
                 "event 1: 'specversion' is 1.0, and that of event 0 is 0.3"},
        BadBatch{third("7"), "event 2: is no JSON object"},
        BadBatch{third("null"), "event 2: is no JSON object"},
        BadBatch{third(R"("{}")"), "event 2: is no JSON object"},
        BadBatch{third("[" + event_named("c") + "]"), "event 2: is no JSON object"},
        BadBatch{"[{}]", "event 0: 'specversion' is required and missing"}));

INSTANTIATE_TEST_SUITE_P(
    Malformed, BadBatchEvents,
    testing::Values(
        BadBatch{"", "malformed JSON at byte 0: the text is empty"},
        BadBatch{" \n", "malformed JSON at byte 2: the text is empty"},
        BadBatch{"{}", "malformed JSON at byte 0: want an array"},
        BadBatch{event_named("1"), "malformed JSON at byte 0: want an array"},
        BadBatch{"null", "malformed JSON at byte 0: want an array"},
        BadBatch{"\xef\xbb\xbf[]", "malformed JSON at byte 0"},
        BadBatch{"[", "event 0: malformed JSON at byte 1: want a value"},
        BadBatch{"[] []", "malformed JSON at byte 3: text behind the end of the array"},
        BadBatch{"[]]", "malformed JSON at byte 2: text behind the end of the array"},
        BadBatch{"[" + event_named("1") + "] x", "malformed JSON at byte 58: text behind"},
        BadBatch{"[,]", "event 0: malformed JSON at byte 1: want a value"},
        BadBatch{"[{},]", "event 1: malformed JSON at byte 4: want a value"},
        BadBatch{"[{},,{}]", "event 1: malformed JSON at byte 4: want a value"},
        BadBatch{"[{} {}]", "event 0: malformed JSON at byte 4: want ',' or ']'"},
        BadBatch{"[{}}", "event 0: malformed JSON at byte 3: want ',' or ']'"},
        BadBatch{"[{},{}", "event 1: malformed JSON at byte 6: want ',' or ']'"},
        BadBatch{R"([{},{"a":}])", "event 1: malformed JSON at byte 9: want a value"},
        BadBatch{R"([{},{"a,[{":"]\",","b":tru}])", "event 1: malformed JSON at byte 23: want a"},
        BadBatch{"[{},[1,2],{\"a\":\"\n\"}]", "event 2: malformed JSON at byte 16: a control"},
        BadBatch{"[{},{},{\"a\":\"\xff\"}]", "event 2: malformed JSON at byte 13: not UTF-8"},
        BadBatch{"[{},{\"a\":\"b}]", "event 1: malformed JSON at byte 13: a string is not closed"},
        BadBatch{third(R"({"a":01})"), "event 2: malformed JSON at byte"}));

TEST(BatchMode, RefusesACharsetOtherThanUtf8) {
  const Headers headers = {{"Content-Type", "application/cloudevents-batch+json; charset=utf-16"}};
  const auto read = read_batch("[]", headers);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().detail.find("UTF-8"), std::string::npos) << read.error().detail;
}

TEST(BatchMode, IsNoSingleEvent) {
  const auto read = read_http(kBatch, "[" + event_named("1") + "]");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::invalid_argument);
}

TEST(BatchMode, WritesWhatItReads) {
  const std::string text = "[" + event_named("1") + "," + json_with(R"("data":[1, 2])") + "]";
  std::vector<EventPtr> events = read_batch(text).value();
  std::string written;
  append_batch_json(events, HopCount::keep, written);
  EXPECT_EQ(written, text);
  events.push_back(events.back());  // The same event twice is two of them.
  written.clear();
  append_batch_json(events, HopCount::keep, written);
  EXPECT_EQ(read_batch(written).value().size(), 3U);
  written.clear();
  append_batch_json({}, HopCount::keep, written);
  EXPECT_EQ(written, "[]");
}

}  // namespace
}  // namespace sluice
