#pragma once

#include "manifest/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace sluice {

/// What most manifests of the tests refer to: put behind them, so that their lines count from 1.
inline const std::string kDeclared = R"(
---
apiVersion: eventing.knative.dev/v1
kind: Broker
metadata: {name: orders}
---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: {name: all-orders}
spec: {broker: orders, subscriber: {uri: http://127.0.0.1:9000/}}
---
apiVersion: messaging.knative.dev/v1
kind: Channel
metadata: {name: pipe}
---
apiVersion: messaging.knative.dev/v1
kind: Subscription
metadata: {name: pipe-end}
spec:
  channel: {apiVersion: messaging.knative.dev/v1, kind: Channel, name: pipe}
  subscriber: {uri: http://127.0.0.1:9000/}
---
apiVersion: sluice.dev/v1alpha1
kind: EventDisplay
metadata: {name: show}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: empty}
)";

inline std::string describe(const Report& report) { return "\n" + to_text(report); }

inline LoadedManifests load(std::string text, const ManifestOptions& options = {}) {
  return load_manifest_text(std::move(text), "m.yaml", options);
}

inline std::vector<Finding> findings_of(const Report& report, Severity severity) {
  std::vector<Finding> out;
  std::ranges::copy_if(report.findings, std::back_inserter(out),
                       [&](const Finding& finding) { return finding.severity == severity; });
  return out;
}

/// A manifest that is read with kDeclared behind it and has exactly one error.
struct BadManifest {
  const char* name;
  const char* text;
  int line;
  int column;
  const char* message_part;
  const char* hint_part = "";

  friend std::ostream& operator<<(std::ostream& out, const BadManifest& bad) {
    return out << bad.name;
  }
};

inline void expect_refused(const BadManifest& bad, const ManifestOptions& options = {}) {
  const auto loaded = load(bad.text + kDeclared, options);
  const auto errors = findings_of(loaded.report, Severity::error);
  ASSERT_EQ(errors.size(), 1U) << describe(loaded.report);
  EXPECT_EQ(errors[0].file, "m.yaml");
  EXPECT_EQ(errors[0].line, bad.line) << describe(loaded.report);
  EXPECT_EQ(errors[0].column, bad.column) << describe(loaded.report);
  EXPECT_NE(errors[0].message.find(bad.message_part), std::string::npos) << errors[0].message;
  EXPECT_NE(errors[0].hint.find(bad.hint_part), std::string::npos) << errors[0].hint;
}

inline std::string name_of(const testing::TestParamInfo<BadManifest>& info) {
  return info.param.name;
}

}  // namespace sluice
