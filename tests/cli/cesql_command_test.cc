// What is checked: what `sluice cesql` prints and where, its exit status, and its prompt. The
// language has its tests in tests/filter. The command runs in this process.

#include "cli/cesql_prompt.h"
#include "tests/cli/run_sluice.h"

#include "event/event_builder.h"

#include <gmock/gmock.h>

#include <sstream>

namespace sluice {

void add_cesql(CLI::App& app, int& status);

namespace {

using testing::HasSubstr;
using testing::StartsWith;

ChildOutcome cesql(std::vector<std::string> args) {
  args.insert(args.begin(), "cesql");
  return run_command(&add_cesql, args);
}

TEST(CesqlCommand, PrintsOneLineOfJson) {
  const auto ran = cesql({"1 + 1"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_EQ(ran.out, "{\"result\":2,\"error\":null}\n");
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(cesql({"'a\"b'"}).out, "{\"result\":\"a\\\"b\",\"error\":null}\n");
  EXPECT_EQ(cesql({"EXISTS id AND EXISTS SOURCE"}).out, "{\"result\":true,\"error\":null}\n");
}

TEST(CesqlCommand, TakesExpressionsThatBeginWithAMinus) {
  for (const char* text : {"-10", "--10 - 20", "-'10'"}) {
    const auto ran = cesql({text});
    EXPECT_EQ(ran.status, kExitOk) << text;
    EXPECT_EQ(ran.out, "{\"result\":-10,\"error\":null}\n") << text;
  }
  EXPECT_EQ(cesql({"-missing"}).status, kExitBad);
  EXPECT_EQ(cesql({"--", "--10"}).out, "{\"result\":10,\"error\":null}\n");
}

TEST(CesqlCommand, RefusesUnknownOptions) {
  const auto ran = cesql({"1", "--evnt"});
  EXPECT_EQ(ran.status, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("unknown option --evnt"));
  EXPECT_EQ(cesql({"--", "--id"}).out, "{\"result\":1,\"error\":null}\n");
}

TEST(CesqlCommand, SaysWhatWentWrongAndWhere) {
  const auto math = cesql({"1 / 0"});
  EXPECT_EQ(math.status, kExitBad);
  EXPECT_EQ(math.out,
            "{\"result\":0,\"error\":{\"kind\":\"math\",\"message\":\"division by zero\","
            "\"column\":3}}\n");
  EXPECT_EQ(math.err, "  1 / 0\n    ^ division by zero\n");
  const auto parse = cesql({"ABC("});
  EXPECT_EQ(parse.status, kExitBad);
  EXPECT_THAT(parse.out, StartsWith("{\"result\":null,\"error\":{\"kind\":\"parse\","));
  EXPECT_THAT(parse.out, HasSubstr("\"column\":5}"));
  EXPECT_EQ(cesql({""}).status, kExitBad);
}

TEST(CesqlCommand, ReadsTheEventFromAFile) {
  const std::string path =
      write_file("event.json",
                 R"({"specversion":"1.0","id":"7","source":"/s","type":"t","count":3,"ok":true})");
  EXPECT_EQ(cesql({"count + id", "--event", path}).out, "{\"result\":10,\"error\":null}\n");
  EXPECT_EQ(cesql({"--event", path, "ok"}).out, "{\"result\":true,\"error\":null}\n");
  EXPECT_EQ(cesql({"--event=" + path, "-count"}).out, "{\"result\":-3,\"error\":null}\n");
}

TEST(CesqlCommand, RefusesWhatIsNoEvent) {
  const std::string path = write_file("no_event.json", R"({"specversion":"1.0","id":"7"})");
  const auto bad = cesql({"id", "--event", path});
  EXPECT_EQ(bad.status, kExitUsage);
  EXPECT_EQ(bad.out, "");
  EXPECT_THAT(bad.err, StartsWith("error: --event: " + path + ": "));
  EXPECT_THAT(bad.err, HasSubstr("'source'"));
  EXPECT_EQ(cesql({"id", "--event", path + ".not_there"}).status, kExitUsage);
}

TEST(CesqlCommand, RefusesTwoExpressions) {
  const auto ran = cesql({"type", "=", "'a'"});
  EXPECT_EQ(ran.status, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("put one into quotes"));
}

TEST(CesqlCommand, HoldsOutAgainstHostileExpressions) {
  for (const std::string& text :
       {std::string(100'000, '('), std::string(100'000, '1'), std::string("type = '\xff'")}) {
    const auto ran = cesql({text});
    EXPECT_EQ(ran.status, kExitBad);
    EXPECT_THAT(ran.out, HasSubstr("\"kind\":\"parse\""));
    EXPECT_LT(ran.err.size(), 500U);
  }
}

std::string prompted(const std::string& lines) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  std::istringstream in(lines);
  std::ostringstream out;
  run_cesql_prompt(in, out, builder.build());
  return out.str();
}

TEST(CesqlPrompt, ShowsValuesAndErrors) {
  const std::string out = prompted("1 + 1\n\ntype\n1 = 1\nmissing\n1 +\n");
  EXPECT_EQ(out,
            "CESQL 1.0; :help for help, :quit to end\n"
            "cesql> 2\n"
            "cesql> cesql> 't'\n"
            "cesql> true\n"
            "cesql> false\n"
            "  missing\n  ^ missingAttribute: the event has no attribute 'missing'\n"
            "cesql>   1 +\n     ^ parse: expected a value, found the end of the expression\n"
            "cesql> \n");
}

TEST(CesqlPrompt, ChangesTheEvent) {
  EXPECT_THAT(prompted(":set tenant=a b\ntenant\n"), HasSubstr("cesql> 'a b'\n"));
  EXPECT_THAT(prompted(":set tenant=x\n:set tenant\nEXISTS tenant\n"), HasSubstr("cesql> false\n"));
  EXPECT_THAT(prompted(":set type=x\n:event\n"), HasSubstr(R"("type":"x")"));
  EXPECT_THAT(prompted(":set type\ntype\n"), HasSubstr("error: 'type' stays"));
  EXPECT_THAT(prompted(":set specversion=0.3\n"), HasSubstr("error: 'specversion' stays"));
  EXPECT_THAT(prompted(":set Bad=1\n"), HasSubstr("error: "));
  EXPECT_THAT(prompted(":event /not/there\n"), HasSubstr("error: "));
}

TEST(CesqlPrompt, KnowsItsCommands) {
  EXPECT_THAT(prompted(":functions\n"), HasSubstr("  SUBSTRING\n"));
  EXPECT_THAT(prompted(":nope\n"), HasSubstr("unknown command ':nope'\n"));
  EXPECT_THAT(prompted(":quit\n1\n"), testing::EndsWith("cesql> "));
}

}  // namespace
}  // namespace sluice
