#pragma once

#include "cli/command.h"
#include "inference/language_model.h"

#include <cstdint>
#include <string>

namespace sluice {

/// What `sluice model` commands take.
struct ModelFlags {
  std::string dir;
  std::string device = "auto";
  std::string dtype = "auto";
  std::string determinism = "strict";
  int threads = 0;
  std::int64_t kv_cache_bytes = 0;
  std::int64_t max_model_len = 0;
  std::string chat_template;
};

/// Adds --model (needed). `flags` must outlive `command`.
void add_model_dir_flag(CLI::App& command, ModelFlags& flags);

/// Adds --model (needed), --device, --dtype, --determinism and --threads. `flags` must outlive
/// `command`.
void add_model_flags(CLI::App& command, ModelFlags& flags);

/// Adds --kv-cache-bytes and --max-model-len.
void add_context_flags(CLI::App& command, ModelFlags& flags);

/// Adds --chat-template.
void add_template_flag(CLI::App& command, ModelFlags& flags);

/// Flags that CLI11 has checked, as the engine has them.
[[nodiscard]] inference::LanguageModelOptions options_of(const ModelFlags& flags);

/// Prints an error of the engine. Returns kExitBad.
int report(const inference::Error& error);

/// "1 token", "2 tokens".
[[nodiscard]] std::string count_text(std::int64_t count, const std::string& noun);

/// "852 B", "5.9 MB", "1.20 GB": powers of 1000, three digits.
[[nodiscard]] std::string bytes_text(std::int64_t bytes);

}  // namespace sluice
