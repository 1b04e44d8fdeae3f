#pragma once

#include "base/metrics.h"
#include "sinks/inference_model.h"
#include "sinks/sink.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// The models of a house: one for each InferenceService, with what is said of them.
class Models {
 public:
  /// `path` is the ingress path of its InferenceService. Answers the service's sink.
  SinkPtr add(const InferenceServiceSpec& spec, const std::string& path, const std::string& url);

  /// The model of the InferenceService at that ingress path; null where there is none.
  [[nodiscard]] InferenceModelPtr at(const std::string& path) const;

  [[nodiscard]] const std::vector<InferenceModelPtr>& all() const noexcept { return models_; }

  /// Each begins to load; the log says so, and how it ended.
  void start();

  /// Ends what runs; blocks until the steps that run have ended.
  void stop();

  /// No request is under way.
  [[nodiscard]] bool is_idle() const;

  /// Why the InferenceService `ns`/`name` is not ready; empty when it is, or is not there.
  [[nodiscard]] std::string reason(std::string_view ns, std::string_view name) const;

  /// The sluice_inference_* families, while this lives.
  void add_metrics(Metrics& metrics) const;

 private:
  std::vector<InferenceModelPtr> models_;
  std::map<std::string, InferenceModelPtr> by_path_;
};

}  // namespace sluice
