// `sluice version`: what this binary is and what was built into it.

#include "cli/command.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>

namespace sluice {
namespace {

nlohmann::json version_json() {
  return {{"version", SLUICE_VERSION},
          {"compiler", __VERSION__},
          {"features", nlohmann::json::array({"memory"})}};
}

}  // namespace

void add_version(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("version", "Print the version and the features built in");
  auto format = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  add_examples(*command, "  sluice version\n  sluice version -o json");
  command->callback([format, &status] {
    const auto about = version_json();
    if (*format == "json") {
      std::cout << about.dump() << '\n';
    } else {
      std::cout << "sluice " << about["version"].get<std::string>() << " (g++ "
                << about["compiler"].get<std::string>() << ")\nfeatures:";
      for (const auto& feature : about["features"]) std::cout << ' ' << feature.get<std::string>();
      std::cout << '\n';
    }
    status = kExitOk;
  });
}

}  // namespace sluice
