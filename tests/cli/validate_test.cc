// What is checked: `sluice validate` and `sluice graph` as a user meets them: exit statuses, what
// is on which stream, the forms of output. Method: the commands run in this process on files of
// the test's own.

#include "base/features.h"
#include "tests/cli/run_sluice.h"

#include <nlohmann/json.hpp>

#include <filesystem>

#include <unistd.h>

namespace sluice {

void add_validate(CLI::App& app, int& status);
void add_graph(CLI::App& app, int& status);

namespace {

constexpr const char* kGood =
    "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: orders}\n---\n"
    "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: big}\nspec:\n"
    "  broker: orders\n  filters: [{prefix: {type: com.example.}}]\n"
    "  subscriber: {ref: {apiVersion: v1, kind: Service, name: web}}\n";

class ManifestCommands : public testing::Test {
 protected:
  ManifestCommands()
      : root_(std::filesystem::temp_directory_path() /
              ("sluice-validate-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(root_);
  }
  ~ManifestCommands() override { std::filesystem::remove_all(root_); }

  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name) << text;
    return (root_ / name).string();
  }

  std::filesystem::path root_;
};

TEST_F(ManifestCommands, ValidateSaysOkAndCounts) {
  (void)write("a.yaml", kGood);
  (void)write("b.yaml",
              "apiVersion: v1\nkind: Service\n"
              "metadata: {name: web, annotations: {sluice.dev/url: http://127.0.0.1:9000/}}\n");
  const auto outcome = run_command(add_validate, {"validate", "-f", root_.string()});
  EXPECT_EQ(outcome.status, kExitOk);
  EXPECT_EQ(outcome.out, "ok: 3 resources in 2 files\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ManifestCommands, ValidateShowsFindingsOnStdoutAndFails) {
  const std::string path = write("a.yaml", kGood);
  const auto outcome = run_command(add_validate, {"validate", "-f", path});
  EXPECT_EQ(outcome.status, kExitBad);
  EXPECT_EQ(outcome.out.find(path + ":11:59: error: Service 'default/web' is not declared\n"), 0U)
      << outcome.out;
  EXPECT_NE(outcome.out.find("1 error in 1 file\n"), std::string::npos) << outcome.out;
}

TEST_F(ManifestCommands, ValidateTakesServicesFromTheCommandLine) {
  const std::string path = write("a.yaml", kGood);
  const std::vector<std::vector<std::string>> ways = {
      {"--resolve", "default/web=http://127.0.0.1:9000"},
      {"--cluster-domain", "svc.cluster.local"}};
  for (const auto& way : ways) {
    std::vector<std::string> args = {"validate", "-f", path};
    args.insert(args.end(), way.begin(), way.end());
    EXPECT_EQ(run_command(add_validate, args).status, kExitOk) << way[0];
  }
}

TEST_F(ManifestCommands, RefuseWhatIsNotKnativesOnRequest) {
  const std::string path =
      write("a.yaml",
            "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: orders}\n---\n"
            "apiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: {name: big}\nspec:\n"
            "  broker: orders\n  filters: [{data: {total: {numeric: [\">\", 5]}}}]\n"
            "  subscriber: {uri: http://127.0.0.1:9000/}\n");
  EXPECT_EQ(run_command(add_validate, {"validate", "-f", path}).status, kExitOk);
  for (const auto add : {add_validate, add_graph}) {
    const std::string name = add == add_validate ? "validate" : "graph";
    const auto outcome = run_command(add, {name, "-f", path, "--strict-knative"});
    EXPECT_NE(outcome.status, kExitOk);
    EXPECT_NE((outcome.out + outcome.err)
                  .find(path + ":10:14: error: 'data' is Sluice's own dialect; "
                               "--strict-knative takes Knative's only\n"),
              std::string::npos)
        << outcome.out << outcome.err;
  }
}

TEST_F(ManifestCommands, TakeKafkasServersFromTheCommandLine) {
  const std::string path = write("a.yaml",
                                 "apiVersion: messaging.knative.dev/v1beta1\nkind: KafkaChannel\n"
                                 "metadata: {name: c}\n");
  EXPECT_EQ(run_command(add_validate, {"validate", "-f", path}).status, kExitBad);
  for (const auto& [servers, status] : {std::pair{"h:9092,i:9093", kHasKafka ? kExitOk : kExitBad},
                                        std::pair{"h", kExitUsage}, std::pair{"", kExitUsage}}) {
    const auto outcome =
        run_command(add_validate, {"validate", "-f", path, "--kafka-bootstrap-servers", servers});
    EXPECT_EQ(outcome.status, status) << servers << outcome.out << outcome.err;
  }
}

TEST_F(ManifestCommands, ValidatePrintsAnArrayInJson) {
  const std::string path = write("a.yaml", kGood);
  const auto outcome = run_command(add_validate, {"validate", "-f", path, "-o", "json"});
  EXPECT_EQ(outcome.status, kExitBad);
  const auto findings = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0]["file"], path);
  EXPECT_EQ(findings[0]["line"], 11);
  EXPECT_EQ(findings[0]["column"], 59);
  EXPECT_EQ(findings[0]["severity"], "error");
  EXPECT_TRUE(findings[0].contains("hint"));
}

TEST_F(ManifestCommands, WarningsDoNotFail) {
  const std::string path =
      write("a.yaml", "apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: {name: b}\n");
  const auto outcome = run_command(add_validate, {"validate", "-f", path});
  EXPECT_EQ(outcome.status, kExitOk);
  EXPECT_NE(outcome.out.find(":3:18: warning: Broker 'default/b' has no Triggers"),
            std::string::npos);
  EXPECT_NE(outcome.out.find("ok: 1 resource in 1 file, 1 warning\n"), std::string::npos);
}

TEST_F(ManifestCommands, MissingPathAndBadFlagsAreUsageErrors) {
  const std::string path = write("a.yaml", kGood);
  for (const AddCommand add : {add_validate, add_graph}) {
    const std::string name = add == add_validate ? "validate" : "graph";
    const auto missing = run_command(add, {name, "-f", path + ".not"});
    EXPECT_EQ(missing.status, kExitUsage);
    EXPECT_NE(missing.err.find("no such file"), std::string::npos) << missing.err;
    EXPECT_EQ(missing.out, "");
    EXPECT_EQ(run_command(add, {name}).status, kExitUsage);
    EXPECT_EQ(run_command(add, {name, "-f", path, "-o", "xml"}).status, kExitUsage);
    for (const char* bad : {"web=http://h/", "default/web", "default/web=https://h/",
                            "/web=http://h/", "default/=http://h/"}) {
      EXPECT_EQ(run_command(add, {name, "-f", path, "--resolve", bad}).status, kExitUsage) << bad;
    }
    EXPECT_EQ(run_command(add, {name, "-f", path, "--cluster-domain", "a b"}).status, kExitUsage);
  }
}

TEST_F(ManifestCommands, GraphRefusesBadManifestsWithTheFindings) {
  const std::string path = write("a.yaml", kGood);
  const auto outcome = run_command(add_graph, {"graph", "-f", path});
  EXPECT_EQ(outcome.status, kExitBad);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find(":11:59: error: Service"), std::string::npos) << outcome.err;
}

TEST_F(ManifestCommands, GraphPrintsEachForm) {
  const std::string path = write("a.yaml", kGood);
  const auto print = [&](const std::string& form) {
    std::vector<std::string> args = {"graph", "-f", path, "--resolve", "default/web=http://h/"};
    if (!form.empty()) args.insert(args.end(), {"-o", form});
    const auto outcome = run_command(add_graph, args);
    EXPECT_EQ(outcome.status, kExitOk) << outcome.err;
    return outcome.out;
  };
  EXPECT_EQ(print("").find("flowchart LR\n"), 0U);
  EXPECT_EQ(print("mermaid"), print(""));
  EXPECT_EQ(print("dot").find("digraph sluice {\n"), 0U);
  EXPECT_TRUE(nlohmann::json::parse(print("json")).contains("nodes"));
}

}  // namespace
}  // namespace sluice
