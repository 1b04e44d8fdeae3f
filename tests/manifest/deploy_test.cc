// What is checked: the files of deploy/ are YAML, and the Sluice manifests in them are good ones
// without a warning; names and statuses that have to fit one another do. Method: the files are read
// as they are; nothing is deployed.

#include "base/features.h"
#include "manifest/input.h"
#include "tests/manifest/manifest_support.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice {
namespace {

const std::filesystem::path kDeploy = SLUICE_SOURCE_DIR "/deploy";

std::string text_of(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct Documents {
  YamlStore store;
  Findings findings;
  std::vector<YamlNode*> roots;
};

void read(const std::filesystem::path& path, Documents& out) {
  add_input(path.string(), text_of(path), out.store, out.findings);
  ASSERT_EQ(out.store.readable.size(), 1U) << path;
  out.roots = read_yaml(*out.store.readable[0], out.store, out.findings).documents;
  EXPECT_TRUE(out.findings.report().findings.empty()) << describe(out.findings.report());
  EXPECT_FALSE(out.roots.empty()) << path;
}

void expect_good(const std::string& text) {
  const auto loaded = load(text);
  EXPECT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);
  EXPECT_FALSE(loaded.graph.brokers.empty());
}

TEST(DeployedFiles, AreYaml) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kDeploy)) {
    if (entry.path().extension() != ".yaml") continue;
    Documents documents;
    read(entry.path(), documents);
    ++files;
  }
  EXPECT_GE(files, 4U);
}

TEST(DeployedFiles, HaveGoodManifestsForRedis) {
  if (!kHasRedis) GTEST_SKIP() << "this build has no Redis";
  expect_good(text_of(kDeploy / "manifests/orders.yaml"));
}

TEST(DeployedFiles, HaveGoodManifestsForKafka) {
  if (!kHasKafka) GTEST_SKIP() << "this build has no Kafka";
  Documents documents;
  read(kDeploy / "kubernetes/sluice.yaml", documents);
  ASSERT_FALSE(documents.roots.empty());
  const auto* data = documents.roots[0]->find("data");
  ASSERT_NE(data, nullptr);
  const auto loaded = load(data->value->entries.at(0).value->text, [] {
    ManifestOptions options;
    options.cluster_domain = "svc.cluster.local";  // As the Deployment says it.
    return options;
  }());
  ASSERT_TRUE(loaded.report.findings.empty()) << describe(loaded.report);

  // The ScaledObject looks at the topic and the group of the Trigger.
  const BrokerSpec& broker = loaded.graph.brokers.at(0);
  const std::string channel = broker.channel.ns + "." + broker.channel.name;
  const std::string scaled = text_of(kDeploy / "kubernetes/scaledobject.yaml");
  EXPECT_NE(scaled.find("topic: knative-messaging-kafka." + channel + "\n"), std::string::npos);
  EXPECT_NE(
      scaled.find("consumerGroup: kafka." + channel + "." + broker.triggers.at(0).name + "\n"),
      std::string::npos);
  const auto partitions = broker.channel.spec.at("numPartitions").get<int>();
  EXPECT_NE(scaled.find("maxReplicaCount: " + std::to_string(partitions) + " "), std::string::npos);
}

// 78 is the status of bad manifests (cli/command.h): a start that fails in ExecStartPre, or with 7,
// which says that events are lost, would be taken for something else.
TEST(DeployedFiles, LetSystemdSeeTheStatusOfServe) {
  const std::string unit = text_of(kDeploy / "sluice.service");
  EXPECT_NE(unit.find("\nRestartPreventExitStatus=78\n"), std::string::npos);
  for (const char* other : {"ExecStartPre", "SuccessExitStatus"}) {
    EXPECT_EQ(unit.find(other), std::string::npos) << other;
  }
}

}  // namespace
}  // namespace sluice
