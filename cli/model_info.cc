// `sluice model info`: what a checkpoint is, whether all of it is understood, and what it takes.

#include "cli/model_facts.h"
#include "inference/model_size.h"

#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>
#include <memory>
#include <sstream>

namespace sluice {
namespace {

using Json = nlohmann::ordered_json;

struct InfoFlags {
  ModelFlags model;
  std::string format = "text";
};

Json recognised(const std::optional<std::string>& problem, Json facts) {
  Json part{{"recognised", !problem}};
  if (problem) part["problem"] = *problem;
  if (!problem) part.update(facts);
  return part;
}

Json architecture_json(const ModelFacts& facts) {
  const inference::ModelConfig& config = facts.config;
  Json architecture{{"type", "qwen3"},
                    {"layers", config.num_hidden_layers},
                    {"hidden_size", config.hidden_size},
                    {"intermediate_size", config.intermediate_size},
                    {"attention_heads", config.num_attention_heads},
                    {"kv_heads", config.num_key_value_heads},
                    {"head_dim", config.head_dim},
                    {"vocab_size", config.vocab_size},
                    {"context", config.max_position_embeddings},
                    {"rope_theta", config.rope_theta},
                    {"tied_head", config.tie_word_embeddings}};
  if (config.yarn) architecture["yarn_factor"] = config.yarn->factor;
  return architecture;
}

/// Of the weights on the GPU that was found.
std::int64_t weight_bytes_on_gpu(const ModelFacts& facts) {
  return inference::weight_bytes(facts.config, facts.device->format, inference::DType::bf16);
}

Json device_json(const ModelFacts& facts) {
  if (!facts.device) return {{"problem", facts.device_problem.value_or("")}};
  if (!facts.device->gpu) return {{"name", "cpu"}, {"why_cpu", facts.device->why_cpu}};
  const inference::CudaDevice& gpu = *facts.device->gpu;
  return {{"name", "cuda"},
          {"gpu", gpu.name},
          {"free_bytes", gpu.free_bytes},
          {"total_bytes", gpu.total_bytes},
          {"dtype", dtype_name(facts.device->format)},
          {"weight_bytes", weight_bytes_on_gpu(facts)}};
}

Json to_json(const ModelFacts& facts) {
  Json out{{"model", facts.dir},
           {"architecture", architecture_json(facts)},
           {"parameters", facts.parameters},
           {"stored_as", to_string(facts.stored_layers)}};
  for (const auto& [name, bytes] : facts.files) {
    out["files"].push_back({{"name", name}, {"bytes", bytes}});
  }
  out["tokenizer"] = recognised(facts.tokenizer_problem,
                                {{"tokens", facts.tokens}, {"control_tokens", facts.controls}});
  out["chat_template"] = recognised(facts.template_problem, {{"thinking", facts.thinking}});
  if (facts.eos_problem) out["eos_problem"] = *facts.eos_problem;
  out["eos_token_ids"] = Json::array();
  for (const auto& [id, name] : facts.eos) out["eos_token_ids"].push_back(id);
  out["device"] = device_json(facts);
  out["memory"] = {{"total_bytes", facts.memory}, {"available_bytes", facts.available}};
  out["formats"] = Json::array();
  for (const FormatFacts& format : facts.formats) {
    out["formats"].push_back({{"dtype", dtype_name(format.format)},
                              {"weight_bytes", format.weights},
                              {"kv_bytes_per_token", format.kv_token},
                              {"kv_cache_bytes", format.kv_cache},
                              {"max_context", format.max_context},
                              {"fits", format.fits()}});
  }
  return out;
}

/// 1,234,567
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = std::ssize(text) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

void write_architecture(std::ostream& out, const ModelFacts& facts) {
  const inference::ModelConfig& config = facts.config;
  out << "model          " << facts.dir
      << "\narchitecture   qwen3: " << count_text(config.num_hidden_layers, "layer")
      << ", hidden size " << grouped(config.hidden_size) << ", intermediate size "
      << grouped(config.intermediate_size) << "\nattention      "
      << count_text(config.num_attention_heads, "head") << " of " << config.head_dim << ", "
      << count_text(config.num_key_value_heads, "KV head") << "\nvocabulary     "
      << grouped(config.vocab_size) << " rows, the head is "
      << (config.tie_word_embeddings ? "the embedding" : "a matrix of its own")
      << "\ncontext        " << grouped(config.max_position_embeddings) << " tokens, rope theta "
      << config.rope_theta;
  if (config.yarn) out << ", YaRN factor " << config.yarn->factor;
  out << "\nparameters     " << grouped(facts.parameters) << ", stored as "
      << to_string(facts.stored_layers);
  if (facts.stored != facts.stored_layers) {
    out << ", embedding and norms as " << to_string(facts.stored);
  }
  out << '\n';
}

void write_parts(std::ostream& out, const ModelFacts& facts) {
  const char* label = "files          ";
  for (const auto& [name, bytes] : facts.files) {
    out << label << name << ", " << bytes_text(bytes) << '\n';
    label = "               ";
  }
  out << "tokenizer      ";
  if (facts.tokenizer_problem) {
    out << "not recognised: " << *facts.tokenizer_problem << '\n';
  } else {
    out << "recognised: " << grouped(facts.tokens) << " tokens, " << facts.controls
        << " of them control tokens\n";
  }
  out << "chat template  ";
  if (facts.template_problem) {
    out << "not recognised: " << *facts.template_problem << '\n';
  } else {
    out << "recognised: thinking " << facts.thinking << '\n';
  }
  out << "ends with      ";
  if (facts.eos_problem) out << *facts.eos_problem;
  for (std::size_t i = 0; i < facts.eos.size(); ++i) {
    out << (i > 0 ? ", " : "") << facts.eos[i].first << ' ' << facts.eos[i].second;
  }
  out << '\n';
}

void write_device(std::ostream& out, const ModelFacts& facts) {
  out << "device         ";
  if (!facts.device) {
    out << "not to be had: " << facts.device_problem.value_or("");
  } else if (facts.device->gpu) {
    const inference::CudaDevice& gpu = *facts.device->gpu;
    const std::int64_t cache = facts.device->kv_cache_bytes;
    out << "cuda: " << gpu.name << ", " << bytes_text(gpu.free_bytes) << " free of "
        << bytes_text(gpu.total_bytes) << "\n               weights in "
        << dtype_name(facts.device->format) << ", " << bytes_text(weight_bytes_on_gpu(facts))
        << "; KV cache "
        << (cache > 0 ? bytes_text(cache) : "by default half of what is free behind them");
  } else {
    const std::string& why = facts.device->why_cpu;
    out << "cpu" << (why.empty() ? "" : ": ") << why;
  }
  out << '\n';
}

void write_formats(std::ostream& out, const ModelFacts& facts) {
  const auto row = [&](const std::array<std::string, 6>& cells) {
    constexpr std::array<int, 5> kWidths = {10, 11, 14, 11, 13};
    for (std::size_t i = 0; i < kWidths.size(); ++i) {
      out << std::left << std::setw(kWidths[i]) << cells[i];
    }
    out << cells[5] << '\n';
  };
  out << "memory         " << bytes_text(facts.memory) << ", " << bytes_text(facts.available)
      << " available\n";
  if (facts.formats.empty()) return;
  out << '\n';
  if (facts.device && facts.device->gpu) {
    out << "on the CPU" << (facts.config.has_fp8_weights ? ", and in fp8 on the GPU" : "") << ":\n";
  }
  row({"dtype", "weights", "KV per token", "KV cache", "max context", "fits"});
  for (const FormatFacts& format : facts.formats) {
    row({std::string(dtype_name(format.format)), bytes_text(format.weights),
         bytes_text(format.kv_token), bytes_text(format.kv_cache), grouped(format.max_context),
         (format.fits() ? "yes, " : "no, ") + bytes_text(format.total())});
  }
}

int info(const InfoFlags& flags) {
  const auto facts = read_model_facts(flags.model);
  if (!facts) return report(facts.error());
  if (flags.format == "json") {
    std::cout << to_json(facts.value()).dump(2) << '\n';
  } else {
    std::ostringstream out;
    write_architecture(out, facts.value());
    write_parts(out, facts.value());
    write_device(out, facts.value());
    write_formats(out, facts.value());
    std::cout << out.str();
  }
  return facts.value().is_complete() ? kExitOk : kExitBad;
}

}  // namespace

void add_model_info(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("info", "Print what a checkpoint is and what it takes");
  auto flags = std::make_shared<InfoFlags>();
  add_model_flags(*command, flags->model);
  add_context_flags(*command, flags->model);
  add_template_flag(*command, flags->model);
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_examples(*command,
               "  sluice model info --model models/ce-tiny-demo\n"
               "  sluice model info --model ~/Qwen3-0.6B --kv-cache-bytes 4Gi -o json");
  command->callback([flags, &status] { status = info(*flags); });
}

}  // namespace sluice
