// `sluice completion bash`: a completion script made from the commands and options themselves, so
// that it cannot be out of date.

#include "cli/command.h"

#include <iostream>
#include <memory>
#include <sstream>
#include <vector>

namespace sluice {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  return names;
}

// "text json" where the option takes one of these; CLI11 writes them as TEXT:{text,json}.
std::string choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.rfind('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  std::string choices = type.substr(open + 1, close - open - 1);
  for (char& c : choices) c = c == ',' ? ' ' : c;
  return choices;
}

// One command's words: its commands, its options, what its positionals take.
void write_words(std::ostream& out, const CLI::App& command, const std::string& path) {
  out << "    '" << path << "') words='";
  for (const CLI::App* below : commands_of(command)) out << below->get_name() << ' ';
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : names_of(*option)) out << name << ' ';
    if (option->get_positional()) out << choices_of(*option) << ' ';
  }
  out << "' ;;\n";
}

// What follows an option that takes a value: its choices, or (nothing said) a file.
void write_values(std::ostream& out, const CLI::App& command, const std::string& path) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() || option->get_items_expected_max() == 0) continue;
    const auto names = names_of(*option);
    if (names.empty()) continue;
    out << "    ";
    for (std::size_t i = 0; i < names.size(); ++i) {
      out << (i > 0 ? "|" : "") << '\'' << path << ' ' << names[i] << '\'';
    }
    out << ") words='" << choices_of(*option) << "'; takes_value=1 ;;\n";
  }
}

void write_tree(std::ostream& out, const CLI::App& command, const std::string& path,
                void (*write)(std::ostream&, const CLI::App&, const std::string&)) {
  write(out, command, path);
  for (const CLI::App* below : commands_of(command)) {
    write_tree(out, *below, path + "/" + below->get_name(), write);
  }
}

void write_paths(std::ostream& out, const CLI::App& command, const std::string& path) {
  for (const CLI::App* below : commands_of(command)) {
    out << "      '" << path << " " << below->get_name() << "') path='" << path << "/"
        << below->get_name() << "' ;;\n";
  }
}

// The path of a command is "" for sluice itself, then "/serve", "/model/run".
std::string bash_script(const CLI::App& app) {
  std::ostringstream out;
  out << "# bash completion for sluice. To load it:  source <(sluice completion bash)\n"
         "_sluice() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local path='' words='' takes_value='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$path ${COMP_WORDS[i]}\" in\n";
  write_tree(out, app, "", write_paths);
  out << "    esac\n"
         "  done\n"
         "  case \"$path $previous\" in\n";
  write_tree(out, app, "", write_values);
  out << "  esac\n"
         "  [[ -n $takes_value ]] || case \"$path\" in\n";
  write_tree(out, app, "", write_words);
  out << "  esac\n"
         "  # No word fits: bash falls back to file names (complete -o default).\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o default -F _sluice sluice\n";
  return out.str();
}

}  // namespace

void add_completion(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("completion", "Print a completion script for a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash")->required()->check(CLI::IsMember({"bash"}));
  add_examples(*command,
               "  source <(sluice completion bash)\n"
               "  sluice completion bash > ~/.local/share/bash-completion/completions/sluice");
  command->callback([&app, shell, &status] {  // `shell` is written to until now.
    std::cout << bash_script(app);
    status = kExitOk;
  });
}

}  // namespace sluice
