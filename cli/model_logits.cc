// `sluice model logits`: what the model computes for a row of tokens, for comparing with others.

#include "cli/model_flags.h"
#include "cli/model_token_ids.h"
#include "inference/backend_loading.h"

#include <fstream>
#include <iostream>
#include <memory>
#include <numeric>
#include <vector>

namespace sluice {
namespace {

struct LogitsFlags {
  ModelFlags model;
  std::string ids;
  std::string out;
};

inference::Result<inference::LoadedBackend> load(const ModelFlags& flags, std::size_t num_tokens) {
  const auto options = options_of(flags);
  INFERENCE_TRY(const auto config, inference::load_model_config(options.dir));
  const auto most = static_cast<std::size_t>(config.max_position_embeddings);
  if (num_tokens > most) {
    return inference::fail(inference::Errc::invalid_argument,
                           "--ids: " + std::to_string(num_tokens) + " tokens; the model has " +
                               std::to_string(most) + " positions");
  }
  inference::BackendRequest request = inference::request_of(options);
  const auto format = options.format.value_or(inference::WeightFormat::bf16);
  const auto blocks = static_cast<std::int64_t>(num_tokens) / inference::kKvBlockTokens + 1;
  request.kv_cache_bytes = blocks * inference::kv_block_bytes(config, format);
  return inference::load_backend(options.dir, config, request);
}

/// One token at a time: the logits behind a token are the same to the bit in any pieces.
inference::Result<void> write_logits(inference::Backend& backend,
                                     const std::vector<inference::TokenId>& ids,
                                     std::ostream& out) {
  std::vector<inference::KvBlock> blocks(static_cast<std::size_t>(backend.num_kv_blocks()));
  std::iota(blocks.begin(), blocks.end(), 0);
  std::vector<float> logits(static_cast<std::size_t>(backend.config().vocab_size));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const inference::StepPart part = {
        {&ids[i], 1}, static_cast<std::int64_t>(i), blocks, /*wants_logits=*/true};
    INFERENCE_CHECK(backend.forward({&part, 1}, logits));
    out.write(reinterpret_cast<const char*>(logits.data()),  // Little-endian, as the machine is.
              static_cast<std::streamsize>(logits.size() * sizeof(float)));
  }
  return {};
}

int logits(const LogitsFlags& flags) {
  const auto config = inference::load_model_config(flags.model.dir);
  if (!config) return report(config.error());
  const auto ids = parse_token_ids(flags.ids, config.value().vocab_size);
  if (!ids || ids.value().empty()) {
    std::cerr << "error: --ids: " << (ids ? "at least one is needed" : ids.error().detail) << '\n';
    return kExitUsage;
  }
  const auto loaded = load(flags.model, ids.value().size());
  if (!loaded) return report(loaded.error());
  inference::Backend& backend = *loaded.value().backend;
  std::ofstream out(flags.out, std::ios::binary | std::ios::trunc);
  if (!out) {
    std::cerr << "error: --out: cannot write to '" << flags.out << "'\n";
    return kExitUsage;
  }
  if (const auto done = write_logits(backend, ids.value(), out); !done) {
    return report(done.error());
  }
  if (!out.flush()) {
    std::cerr << "error: --out: '" << flags.out << "' could not be written to its end\n";
    return kExitBad;
  }
  std::cerr << flags.out << ": float32, " << ids.value().size() << " x "
            << config.value().vocab_size << "; " << backend.description() << '\n';
  return kExitOk;
}

}  // namespace

void add_model_logits(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("logits", "Write the logits behind each of some tokens");
  auto flags = std::make_shared<LogitsFlags>();
  add_model_flags(*command, flags->model);
  command->add_option("--ids", flags->ids, "The tokens: 1,2,3 or [1,2,3]")
      ->required()
      ->type_name("IDS");
  command
      ->add_option("--out", flags->out,
                   "File for float32, little-endian, row-major: (tokens, vocabulary)")
      ->required()
      ->type_name("FILE");
  add_examples(*command,
               "  sluice model logits --model models/ce-tiny-demo --ids 40,282 --out logits.f32");
  command->callback([flags, &status] { status = logits(*flags); });
}

}  // namespace sluice
