#include "cli/models.h"

#include "sinks/inference_service.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

namespace sluice {
namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;

/// The line that a load ends in. A demo model says what it is.
void log_loaded(const std::string& name, bool is_demo, const Result<inference::LoadFacts>& loaded) {
  if (!loaded) {
    spdlog::error("inference.failed model={} error={} {}", name, to_string(loaded.error().code),
                  loaded.error().detail);
    return;
  }
  const inference::LoadFacts& facts = loaded.value();
  if (!facts.why_cpu.empty()) {
    spdlog::info("inference.device model={} device=cpu reason=\"{}\"", name, facts.why_cpu);
  }
  spdlog::info(
      "inference.loaded model={} weights_mib={:.1f} load_ms={} device=\"{}\" kv_cache_mib={:.1f} "
      "max_context_tokens={}{}",
      name, static_cast<double>(facts.weight_bytes) / kMebibyte, facts.load_time.count(),
      facts.device, static_cast<double>(facts.kv_cache_bytes) / kMebibyte, facts.max_context,
      is_demo ? " (a demo model: it knows a few situations and nothing else)" : "");
}

}  // namespace

SinkPtr Models::add(const InferenceServiceSpec& spec, const std::string& path,
                    const std::string& url) {
  auto model = std::make_shared<InferenceModel>(spec);
  models_.push_back(model);
  by_path_.emplace(path, model);
  return make_inference_service(std::move(model), url);
}

InferenceModelPtr Models::at(const std::string& path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

void Models::start() {
  for (const InferenceModelPtr& model : models_) {
    InferenceModel::LoadListener listener;
    listener.on_stage = [name = model->name(), dir = model->spec().model_dir](auto stage) {
      spdlog::info("inference.loading model={} stage={} dir={}", name, stage, dir);
    };
    const bool is_demo = model->spec().model_dir.ends_with("-demo");
    listener.on_loaded = [name = model->name(), is_demo](const auto& loaded) {
      log_loaded(name, is_demo, loaded);
    };
    model->start(std::move(listener));
  }
}

void Models::stop() {
  for (const InferenceModelPtr& model : models_) model->stop();
}

bool Models::is_idle() const {
  return std::ranges::all_of(models_, [](const auto& model) { return model->under_way() == 0; });
}

std::string Models::reason(std::string_view ns, std::string_view name) const {
  const auto found = std::ranges::find_if(models_, [&](const auto& model) {
    return model->spec().ns == ns && model->spec().name == name;
  });
  return found == models_.end() ? "" : (*found)->reason();
}

void Models::add_metrics(Metrics& metrics) const {
  metrics.add("sluice_inference_requests_total", "Requests to a model by what became of them.",
              MetricType::counter, [this](MetricSeries& out) {
                for (const InferenceModelPtr& model : models_) {
                  for (std::size_t i = 0; i < kInferenceOutcomes; ++i) {
                    const auto outcome = to_string(static_cast<InferenceOutcome>(i));
                    const auto& count = model->counters().requests[i];
                    out.value({{"model", model->name()}, {"outcome", outcome}},
                              static_cast<double>(count.load(std::memory_order_relaxed)));
                  }
                }
              });
  metrics.add(
      "sluice_inference_tokens_total", "Tokens of prompts and completions.", MetricType::counter,
      [this](MetricSeries& out) {
        for (const InferenceModelPtr& model : models_) {
          const InferenceCounters& counters = model->counters();
          const auto prompt = counters.prompt_tokens.load(std::memory_order_relaxed);
          const auto made = counters.completion_tokens.load(std::memory_order_relaxed);
          out.value({{"model", model->name()}, {"kind", "prompt"}}, static_cast<double>(prompt));
          out.value({{"model", model->name()}, {"kind", "completion"}}, static_cast<double>(made));
        }
      });
  metrics.add("sluice_inference_time_to_first_token_seconds",
              "From when the engine had the prompt to the first token.", MetricType::histogram,
              [this](MetricSeries& out) {
                for (const InferenceModelPtr& model : models_) {
                  out.histogram({{"model", model->name()}}, model->counters().time_to_first_token);
                }
              });
  metrics.add("sluice_inference_queue_depth", "Requests that wait for the model.",
              MetricType::gauge, [this](MetricSeries& out) {
                for (const InferenceModelPtr& model : models_) {
                  out.value({{"model", model->name()}}, static_cast<double>(model->queue_depth()));
                }
              });
  metrics.add("sluice_inference_rebuilds_total",
              "Times that a model's device was lost and the model was loaded anew.",
              MetricType::counter, [this](MetricSeries& out) {
                for (const InferenceModelPtr& model : models_) {
                  out.value({{"model", model->name()}}, static_cast<double>(model->rebuilds()));
                }
              });
}

}  // namespace sluice
