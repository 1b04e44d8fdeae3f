// `sluice model run`: one completion, or a small chat. Standard output is the model's text and
// nothing else; reasoning, rates and prompts go to standard error.

#include "cli/model_answer.h"
#include "cli/model_flags.h"
#include "cli/read_file.h"

#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>

#include <unistd.h>

namespace sluice {
namespace {

struct RunFlags {
  ModelFlags model;
  std::optional<std::string> prompt;
  std::string system;
  bool is_raw = false;
  bool thinks = false;
  bool thinks_not = false;
  std::string schema_file;
  inference::CompletionRequest request;  ///< What flags say of it directly.
};

std::string rates_text(const inference::Completion& done, double seconds) {
  const auto tokens = std::ssize(done.tokens);
  const double first = std::chrono::duration<double>(done.time_to_first_token).count();
  const double rate =
      tokens > 1 && seconds > first ? static_cast<double>(tokens - 1) / (seconds - first) : 0;
  std::array<char, 160> text;
  std::snprintf(text.data(), text.size(),
                "%lld tokens in, %lld of them cached; %lld out; first after %.3f s, then %.1f "
                "tokens/s; ended by %s",
                static_cast<long long>(done.prompt_tokens),
                static_cast<long long>(done.cached_tokens), static_cast<long long>(tokens), first,
                rate, std::string(to_string(done.reason)).c_str());
  return text.data();
}

/// Prints one completion; nothing where it failed, which has been said.
std::optional<inference::Completion> complete(inference::LanguageModel& model,
                                              const inference::CompletionRequest& request) {
  auto prepared = model.prepare(request);
  if (!prepared) {
    report(prepared.error());
    return std::nullopt;
  }
  const auto started = std::chrono::steady_clock::now();
  ModelAnswer answer;
  const auto id = model.engine().submit(std::move(prepared.value()), answer.callbacks());
  if (!id) {
    report(id.error());
    return std::nullopt;
  }
  inference::Completion done = answer.print();
  std::cout << std::endl;
  const std::chrono::duration<double> took = answer.ended() - started;
  using Reason = inference::FinishReason;
  if (done.reason != Reason::stop && done.reason != Reason::length) {
    std::cerr << "error: " << (done.error.empty() ? to_string(done.reason) : done.error) << '\n';
    return std::nullopt;
  }
  std::cerr << rates_text(done, took.count()) << '\n';
  return done;
}

int chat(inference::LanguageModel& model, inference::CompletionRequest request) {
  const bool is_terminal = ::isatty(STDIN_FILENO) != 0;
  for (std::string line; is_terminal && std::cerr << "> ", std::getline(std::cin, line);) {
    if (line.empty()) continue;
    request.messages.push_back({inference::ChatRole::user, line, {}, {}});
    const auto done = complete(model, request);
    if (!done) return kExitBad;
    request.messages.push_back({inference::ChatRole::assistant, done->text, {}, {}});
  }
  return kExitOk;
}

int run(RunFlags& flags) {
  inference::CompletionRequest& request = flags.request;
  if (flags.is_raw && !flags.prompt) {
    std::cerr << "error: --raw needs a --prompt: a chat has a template\n";
    return kExitUsage;
  }
  if (!flags.schema_file.empty()) {
    auto schema = read_file(flags.schema_file);
    if (!schema) {
      std::cerr << "error: --schema: " << schema.error().detail << '\n';
      return kExitUsage;
    }
    request.output.schema = std::move(schema.value());
  }
  if (flags.thinks || flags.thinks_not) request.enable_thinking = flags.thinks;
  auto model = inference::LanguageModel::load(options_of(flags.model));
  if (!model) return report(model.error());
  if (flags.is_raw) {
    request.prompt = *flags.prompt;
    return complete(*model.value(), request) ? kExitOk : kExitBad;
  }
  if (!flags.system.empty()) {
    request.messages.push_back({inference::ChatRole::system, flags.system, {}, {}});
  }
  if (!flags.prompt) return chat(*model.value(), std::move(request));
  request.messages.push_back({inference::ChatRole::user, *flags.prompt, {}, {}});
  return complete(*model.value(), request) ? kExitOk : kExitBad;
}

void add_prompt_flags(CLI::App& command, RunFlags& flags) {
  command.add_option("--prompt", flags.prompt,
                     "What to answer; without it, each line of standard input is a turn of a chat");
  auto* system = command.add_option("--system", flags.system, "The system prompt");
  command
      .add_flag("--raw", flags.is_raw, "The prompt as it is, to be gone on with: no chat template")
      ->excludes(system);
  auto* thinks = command.add_flag("--think", flags.thinks, "Let it think first, if it can");
  command.add_flag("--no-think", flags.thinks_not, "Do not let it think (the default)")
      ->excludes(thinks);
}

void add_sampling_flags(CLI::App& command, inference::CompletionRequest& request) {
  command
      .add_option("--max-tokens", request.max_tokens, "At most so many; as many as there is room")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24));
  command.add_option("--temperature", request.temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 100.0));
  command.add_option("--top-p", request.top_p, "Of the likeliest ones that have this probability")
      ->check(CLI::Range(0.0, 1.0));
  command.add_option("--top-k", request.top_k, "Of so many of the likeliest; 0: of all")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 24));
  command.add_option("--seed", request.seed, "The same seed gives the same text");
}

}  // namespace

void add_model_run(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("run", "Print a completion as it comes, or hold a chat");
  auto flags = std::make_shared<RunFlags>();
  add_model_flags(*command, flags->model);
  add_context_flags(*command, flags->model);
  add_template_flag(*command, flags->model);
  add_prompt_flags(*command, *flags);
  add_sampling_flags(*command, flags->request);
  auto* schema = command->add_option("--schema", flags->schema_file,
                                     "FILE with a JSON Schema that the text is held to");
  command
      ->add_option("--choice", flags->request.output.choices,
                   "The text is this, or another --choice")
      ->excludes(schema);
  add_examples(*command,
               "  sluice model run --model models/ce-tiny-demo --prompt 'I am thirsty'\n"
               "  sluice model run --model models/ce-tiny-demo --prompt 'I am thirsty' \\\n"
               "    --system 'Decide what to do. Answer with one action.' \\\n"
               "    --choice drink_water --choice ask_person\n"
               "  sluice model run --model ~/Qwen3-0.6B --think --max-tokens 500");
  command->callback([flags, &status] { status = run(*flags); });
}

}  // namespace sluice
