// `sluice model tokenize`: a text as token ids, and ids as the text they stand for.

#include "cli/model_flags.h"
#include "cli/read_file.h"
#include "cli/model_token_ids.h"
#include "inference/tokenizer.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <memory>
#include <optional>

namespace sluice {
namespace {

struct TokenizeFlags {
  ModelFlags model;
  std::optional<std::string> text;
  std::optional<std::string> ids;
  bool controls = false;
};

int decode(const inference::Tokenizer& tokenizer, const std::string& text) {
  const auto size = static_cast<std::int64_t>(tokenizer.vocabulary().size());
  const auto ids = parse_token_ids(text, size);
  if (!ids) {
    std::cerr << "error: --decode: " << ids.error().detail << '\n';
    return kExitUsage;
  }
  std::cout << tokenizer.decode(ids.value()) << '\n';
  return kExitOk;
}

int tokenize(const TokenizeFlags& flags) {
  if (flags.text.has_value() == flags.ids.has_value()) {
    std::cerr << "error: give a TEXT or --decode IDS\n";
    return kExitUsage;
  }
  const auto tokenizer = inference::Tokenizer::load(flags.model.dir);
  if (!tokenizer) return report(tokenizer.error());
  if (flags.ids) return decode(tokenizer.value(), *flags.ids);
  std::string text = *flags.text;
  if (text == "-") {
    auto input = read_file(text);
    if (!input) return kExitUsage;
    text = std::move(input.value());
  }
  const auto ids = flags.controls ? tokenizer.value().encode_with_controls(text)
                                  : tokenizer.value().encode(text);
  std::cout << nlohmann::json(ids).dump() << '\n';
  return kExitOk;
}

}  // namespace

void add_model_tokenize(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("tokenize", "Print a text's token ids as a JSON array");
  auto flags = std::make_shared<TokenizeFlags>();
  add_model_dir_flag(*command, flags->model);
  command->add_option("text", flags->text, "The text; - is standard input, to its last byte");
  command->add_option("--decode", flags->ids, "Print the text of these ids: 1,2,3 or [1,2,3]")
      ->type_name("IDS");
  command->add_flag("--controls", flags->controls,
                    "Names of control tokens in TEXT stand for them; else they are text");
  add_examples(*command,
               "  sluice model tokenize --model models/ce-tiny-demo 'I am thirsty'\n"
               "  sluice model tokenize --model models/ce-tiny-demo --decode 40,282\n"
               "  sluice model tokenize --model models/ce-tiny-demo --controls '<|im_end|>'");
  command->callback([flags, &status] { status = tokenize(*flags); });
}

}  // namespace sluice
