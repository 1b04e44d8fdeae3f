#include "cli/model_facts.h"

#include "inference/model_size.h"
#include "inference/weights.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>

namespace sluice {
namespace {

using inference::WeightFormat;

/// Those that belong to a checkpoint; a folder may hold others.
bool is_of_checkpoint(const std::string& name) {
  return name.ends_with(".safetensors") || name.ends_with(".json") || name.ends_with(".jinja");
}

void read_files(ModelFacts& facts) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(facts.dir, error)) {
    std::string name = entry.path().filename().string();
    if (!is_of_checkpoint(name) || !entry.is_regular_file(error)) continue;
    facts.files.emplace_back(std::move(name), static_cast<std::int64_t>(entry.file_size(error)));
  }
  std::ranges::sort(facts.files);
}

FormatFacts format_facts(const ModelFacts& facts, const ModelFlags& flags, WeightFormat format) {
  const inference::ModelConfig& config = facts.config;
  FormatFacts out;
  out.format = format;
  out.weights = inference::weight_bytes(config, format, facts.stored);
  out.kv_token = inference::kv_token_bytes(config, format);
  const std::int64_t block = inference::kv_block_bytes(config, format);
  const std::int64_t longest = flags.max_model_len > 0
                                   ? std::min(flags.max_model_len, config.max_position_embeddings)
                                   : config.max_position_embeddings;
  out.kv_cache = flags.kv_cache_bytes > 0
                     ? flags.kv_cache_bytes
                     : inference::default_kv_cache_bytes(config, format,
                                                         flags.max_model_len > 0 ? longest : 0);
  out.max_context = std::min(longest, out.kv_cache / block * inference::kKvBlockTokens);
  return out;
}

std::string thinking_text(inference::ThinkingMode mode) {
  switch (mode) {
    case inference::ThinkingMode::switchable:
      return "switchable";
    case inference::ThinkingMode::never:
      return "never";
    case inference::ThinkingMode::always:
      return "always";
    case inference::ThinkingMode::closed:
      break;
  }
  return "closed";
}

void read_text_parts(const ModelFlags& flags, ModelFacts& facts) {
  const auto tokenizer = inference::Tokenizer::load(flags.dir);
  if (!tokenizer) facts.tokenizer_problem = tokenizer.error().detail;
  const auto chat = flags.chat_template.empty()
                        ? inference::ChatTemplate::load(flags.dir)
                        : inference::ChatTemplate::named(flags.chat_template);
  if (chat) {
    facts.thinking = thinking_text(chat.value().thinking());
  } else {
    facts.template_problem = chat.error().detail;
  }
  const auto generation = inference::load_generation_config(flags.dir);
  if (!generation) facts.eos_problem = generation.error().detail;
  if (generation) {
    for (const inference::TokenId id : generation.value().eos_token_ids) {
      facts.eos.emplace_back(id, tokenizer ? tokenizer.value().vocabulary().at(id).bytes : "");
    }
  }
  if (!tokenizer) return;
  const inference::Vocabulary& vocabulary = tokenizer.value().vocabulary();
  for (inference::TokenId id = 0; id < static_cast<inference::TokenId>(vocabulary.size()); ++id) {
    const auto kind = vocabulary.at(id).kind;
    facts.tokens += kind != inference::Vocabulary::Kind::unused ? 1 : 0;
    facts.controls += kind == inference::Vocabulary::Kind::control ? 1 : 0;
  }
}

void read_device(const ModelFlags& flags, ModelFacts& facts) {
  auto choice = inference::choose_device(inference::request_of(options_of(flags)), facts.config,
                                         [] { return inference::find_cuda_device(0); });
  if (choice) {
    facts.device = std::move(choice).value();
  } else {
    facts.device_problem = choice.error().detail;
  }
}

/// A line of /proc/meminfo in bytes; 0 where it is not there.
std::int64_t meminfo(const std::string& name) {
  std::ifstream file("/proc/meminfo");
  for (std::string word; file >> word;) {
    std::int64_t kilobytes = 0;
    if (word == name && file >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// The number in a file of the cgroup; `otherwise` where there is none.
std::int64_t cgroup_number(const char* path, std::int64_t otherwise) {
  std::int64_t bytes = 0;
  return std::ifstream(path) >> bytes ? bytes : otherwise;
}

void read_memory(ModelFacts& facts) {
  const std::int64_t most =
      cgroup_number("/sys/fs/cgroup/memory.max", std::numeric_limits<std::int64_t>::max());
  const std::int64_t used = cgroup_number("/sys/fs/cgroup/memory.current", 0);
  facts.memory = std::min(meminfo("MemTotal:"), most);
  facts.available = std::min(meminfo("MemAvailable:"), most - used);
}

}  // namespace

std::string_view dtype_name(WeightFormat format) noexcept {
  switch (format) {
    case WeightFormat::bf16:
      return "bfloat16";
    case WeightFormat::f32:
      return "float32";
    case WeightFormat::fp8:
      return "fp8";
    case WeightFormat::int8:
      break;
  }
  return "int8";
}

inference::Result<ModelFacts> read_model_facts(const ModelFlags& flags) {
  ModelFacts facts;
  facts.dir = flags.dir;
  INFERENCE_TRY(facts.config, inference::load_model_config(flags.dir));
  INFERENCE_TRY(const inference::Weights weights, inference::load_weights(flags.dir, facts.config));
  facts.stored = weights.embedding.dtype;
  facts.stored_layers = weights.layers.front().q_proj.dtype;
  facts.parameters = inference::num_parameters(facts.config);
  read_files(facts);
  const auto asked = inference::dtype_from(flags.dtype).value();
  for (const auto format :
       {WeightFormat::fp8, WeightFormat::bf16, WeightFormat::int8, WeightFormat::f32}) {
    if (format == WeightFormat::fp8 && !facts.config.has_fp8_weights) continue;
    if (!asked || *asked == format) facts.formats.push_back(format_facts(facts, flags, format));
  }
  read_text_parts(flags, facts);
  read_device(flags, facts);
  read_memory(facts);
  const std::int64_t on_gpu = facts.device && facts.device->gpu ? facts.device->gpu->free_bytes : 0;
  for (FormatFacts& format : facts.formats) {
    format.room = format.format == WeightFormat::fp8 ? on_gpu : facts.available;
  }
  return facts;
}

}  // namespace sluice
