#include "sinks/inference_loading.h"

namespace sluice {
namespace {

Result<inference::LanguageModelOptions> options_of(const InferenceServiceSpec& spec) {
  inference::LanguageModelOptions options;
  options.dir = spec.model_dir;
  auto device = inference::device_from(spec.device);
  if (!device) return from_engine(device.error());
  options.device = device.value();
  auto format = inference::dtype_from(spec.dtype);
  if (!format) return from_engine(format.error());
  options.format = format.value();
  auto determinism = inference::determinism_from(spec.determinism);
  if (!determinism) return from_engine(determinism.error());
  options.determinism = determinism.value();
  options.threads = static_cast<int>(spec.threads);
  options.kv_cache_bytes = spec.kv_cache_bytes;
  options.max_context = spec.max_model_len;
  options.max_running = spec.max_num_seqs;
  options.max_queued = spec.max_num_queued;
  options.enable_thinking = spec.enable_thinking;
  options.chat_template = spec.chat_template;
  return options;
}

}  // namespace

Error from_engine(const inference::Error& error) {
  static_assert(static_cast<int>(inference::Errc::invalid_argument) ==
                    static_cast<int>(Errc::invalid_argument) &&
                static_cast<int>(inference::Errc::resource_exhausted) ==
                    static_cast<int>(Errc::resource_exhausted) &&
                static_cast<int>(inference::Errc::internal) == static_cast<int>(Errc::internal));
  return fail(static_cast<Errc>(error.code), error.detail);
}

Result<std::unique_ptr<inference::LanguageModel>> load_model(
    const InferenceServiceSpec& spec, const std::vector<inference::OutputConstraint>& warm,
    const std::function<void(std::string_view stage)>& on_stage) {
  SLUICE_TRY(auto options, options_of(spec));
  options.on_stage = on_stage;
  auto model = inference::LanguageModel::load(options);
  if (!model) return from_engine(model.error());
  if (!warm.empty()) on_stage("constraints");
  for (const inference::OutputConstraint& output : warm) {
    const auto compiled = model.value()->grammars().compile(output);
    if (!compiled) return from_engine(compiled.error());
  }
  return std::move(model).value();
}

}  // namespace sluice
