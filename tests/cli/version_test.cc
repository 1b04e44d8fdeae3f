// What is checked: `sluice version` says what was built in, in both forms, and of CUDA for which
// GPUs.

#include "cli/version.h"

#include "base/features.h"
#include "tests/cli/run_sluice.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace sluice {

void add_version(CLI::App& app, int& status);

namespace {

using Json = nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

TEST(Version, TellsPeopleWhatIsBuiltIn) {
  const auto ran = run_command(add_version, {"version"});
  EXPECT_EQ(ran.status, kExitOk);
  EXPECT_THAT(ran.out, HasSubstr("sluice " + version_text() + "\n"));
  EXPECT_THAT(ran.out, HasSubstr("features: "));
  EXPECT_THAT(ran.out,
              ContainsRegex(kHasCuda ? "\ncuda: (sm|compute)_[0-9]+" : "\ncuda: not built in\n"));
}

TEST(Version, TellsProgramsTheSame) {
  const auto ran = run_command(add_version, {"version", "-o", "json"});
  EXPECT_EQ(ran.out, version_json() + "\n");
  const Json about = Json::parse(ran.out);
  EXPECT_EQ(about["version"], version_text());
  EXPECT_EQ(about["features"][0], "InMemoryChannel");
  ASSERT_TRUE(about["cuda"].is_array());
  EXPECT_EQ(about["cuda"].empty(), !kHasCuda);
  for (const Json& target : about["cuda"]) {
    EXPECT_THAT(target.get<std::string>(), ContainsRegex("^(sm|compute)_[0-9]+$"));
  }
}

}  // namespace
}  // namespace sluice
