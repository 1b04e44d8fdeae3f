// `sluice model`: the engine without the broker. Each of its commands has a file of its own.

#include "cli/command.h"

namespace sluice {

void add_model_info(CLI::App& app, int& status);
void add_model_tokenize(CLI::App& app, int& status);
void add_model_run(CLI::App& app, int& status);
void add_model_logits(CLI::App& app, int& status);
void add_model_bench(CLI::App& app, int& status);

void add_model(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("model", "Look at a model and run it, without the broker");
  command->require_subcommand(1);
  for (const AddCommand add :
       {add_model_info, add_model_tokenize, add_model_run, add_model_logits, add_model_bench}) {
    add(*command, status);
  }
  add_examples(*command,
               "  sluice model info --model models/ce-tiny-demo\n"
               "  sluice model run --model models/ce-tiny-demo --prompt 'I am thirsty'");
}

}  // namespace sluice
