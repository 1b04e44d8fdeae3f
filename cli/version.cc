// `sluice version`: what this binary is and what was built into it.

#include "cli/version.h"

#include "base/features.h"
#include "channels/channel.h"
#include "cli/command.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>
#include <sstream>

namespace sluice {
namespace {

std::string compiler_text() {
#if defined(__clang__)
  return std::string("clang ") + __clang_version__;
#else
  return std::string("g++ ") + __VERSION__;
#endif
}

nlohmann::ordered_json about() {
  nlohmann::ordered_json features = nlohmann::ordered_json::array();
  for (const auto kind : channel_kinds()) features.push_back(kind);
  nlohmann::ordered_json cuda = nlohmann::ordered_json::array();
  std::istringstream code(SLUICE_CUDA_CODE);
  for (std::string target; code >> target;) cuda.push_back(target);
  return {{"version", version_text()},
          {"compiler", compiler_text()},
          {"features", features},
          {"cuda", cuda}};
}

}  // namespace

std::string version_text() { return SLUICE_VERSION; }

std::string version_json() { return about().dump(); }

void add_version(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("version", "Print the version and the features built in");
  auto format = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  add_examples(*command, "  sluice version\n  sluice version -o json");
  command->callback([format, &status] {
    const auto facts = about();
    if (*format == "json") {
      std::cout << facts.dump() << '\n';
    } else {
      std::cout << "sluice " << version_text() << "\ncompiler: " << compiler_text()
                << "\nfeatures:";
      for (const auto& feature : facts["features"]) std::cout << ' ' << feature.get<std::string>();
      std::cout << "\ncuda: " << (kHasCuda ? SLUICE_CUDA_CODE : "not built in") << '\n';
    }
    status = kExitOk;
  });
}

}  // namespace sluice
