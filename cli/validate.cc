// `sluice validate`: everything that is wrong with a set of manifests, in one run.

#include "cli/manifest_options.h"
#include "manifest/reference.h"

#include <algorithm>
#include <iostream>
#include <memory>

namespace sluice {
namespace {

struct ValidateFlags {
  ManifestOptions manifests;
  std::string format = "text";
};

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// "ok: 7 resources in 2 files", "2 errors, 1 warning in 1 file".
std::string summary(const LoadedManifests& loaded) {
  const auto errors = static_cast<std::size_t>(
      std::ranges::count(loaded.report.findings, Severity::error, &Finding::severity));
  const std::size_t warnings = loaded.report.findings.size() - errors;
  std::string text = counted(errors, "error");
  if (errors == 0) text = "ok: " + counted(loaded.graph.resources.size(), "resource");
  if (warnings > 0 && errors > 0) text += ", " + counted(warnings, "warning");
  text += " in " + counted(loaded.files, "file");
  if (warnings > 0 && errors == 0) text += ", " + counted(warnings, "warning");
  return text;
}

int validate(const ValidateFlags& flags) {
  const auto loaded = load_manifests(flags.manifests);
  if (!loaded) {
    std::cerr << "error: " << loaded.error().detail << '\n';
    return kExitUsage;
  }
  const Report& report = loaded.value().report;
  if (flags.format == "json") {
    std::cout << to_json(report) << '\n';
  } else {
    std::cout << to_text(report) << summary(loaded.value()) << '\n';
  }
  return report.has_errors() ? kExitBad : kExitOk;
}

}  // namespace

void add_validate(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("validate", "Check manifests; every problem is found");
  auto flags = std::make_shared<ValidateFlags>();
  add_manifest_options(*command, flags->manifests);
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_flag_callback(
      "--print-reference",
      [] {
        std::cout << resource_reference();
        throw CLI::Success();
      },
      "Print the resource reference (docs/resources.md) and exit");
  add_examples(*command,
               "  sluice validate -f examples/hello/\n"
               "  sluice validate -f broker.yaml -f services.yaml -o json\n"
               "  kubectl get brokers,triggers -o yaml | sluice validate -f - "
               "--cluster-domain svc.cluster.local");
  command->callback([flags, &status] { status = validate(*flags); });
}

}  // namespace sluice
