#include "cli/model_flags.h"

#include "manifest/annotations.h"

#include <array>
#include <cstdio>
#include <iostream>
#include <limits>

namespace sluice {

void add_model_dir_flag(CLI::App& command, ModelFlags& flags) {
  command.add_option("--model", flags.dir, "A folder with a Hugging Face checkpoint of Qwen3")
      ->required()
      ->check(CLI::ExistingDirectory);
}

void add_model_flags(CLI::App& command, ModelFlags& flags) {
  add_model_dir_flag(command, flags);
  command
      .add_option("--device", flags.device,
                  "Where it runs; auto: a GPU that it fits on, else the CPU")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command.add_option("--dtype", flags.dtype, "What the weights are computed with")
      ->check(CLI::IsMember({"auto", "bfloat16", "bf16", "float32", "f32", "fp8", "int8"}))
      ->capture_default_str();
  command
      .add_option("--determinism", flags.determinism,
                  "strict: the same tokens whatever else runs; fast: what a GPU gains without")
      ->check(CLI::IsMember({"strict", "fast"}))
      ->capture_default_str();
  command.add_option("--threads", flags.threads, "0: chosen by the machine")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
}

void add_context_flags(CLI::App& command, ModelFlags& flags) {
  const CLI::Validator quantity(
      [](std::string& text) {
        const auto bytes = parse_quantity(text);
        if (bytes) text = std::to_string(bytes.value());
        return bytes ? std::string() : bytes.error().detail;
      },
      "BYTES");
  command
      .add_option("--kv-cache-bytes", flags.kv_cache_bytes,
                  "Memory for keys and values, e.g. 4Gi; 0: on the CPU one context, at most 1Gi; "
                  "on a GPU half of what is free")
      ->transform(quantity)
      ->capture_default_str();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  command
      .add_option("--max-model-len", flags.max_model_len,
                  "Tokens of prompt and completion together; 0: what model and cache allow")
      ->check(CLI::Range(std::int64_t{0}, kMost))
      ->type_name("TOKENS")
      ->capture_default_str();
}

void add_template_flag(CLI::App& command, ModelFlags& flags) {
  command
      .add_option("--chat-template", flags.chat_template,
                  "Use this one of Qwen3's; by default the checkpoint's own")
      ->check(CLI::IsMember(
          {"qwen3", "qwen3-instruct-2507", "qwen3-thinking-2507", "qwen3-nonthinking"}));
}

inference::LanguageModelOptions options_of(const ModelFlags& flags) {
  inference::LanguageModelOptions options;
  options.dir = flags.dir;
  options.device = inference::device_from(flags.device).value();
  options.format = inference::dtype_from(flags.dtype).value();
  options.determinism = inference::determinism_from(flags.determinism).value();
  options.threads = flags.threads;
  options.kv_cache_bytes = flags.kv_cache_bytes;
  options.max_context = flags.max_model_len;
  options.chat_template = flags.chat_template;
  return options;
}

int report(const inference::Error& error) {
  std::cerr << "error: " << error.detail << '\n';
  return kExitBad;
}

std::string count_text(std::int64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  auto size = static_cast<double>(bytes);
  const char* unit = "kB";
  for (const char* larger : {"kB", "MB", "GB", "TB"}) {
    unit = larger;
    size /= 1000;
    if (size < 999.5) break;
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.*f %s",
                size < 9.995   ? 2
                : size < 99.95 ? 1
                               : 0,
                size, unit);
  return text.data();
}

}  // namespace sluice
