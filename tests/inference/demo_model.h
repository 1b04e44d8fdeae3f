#pragma once

#include "inference/language_model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::inference {

inline std::filesystem::path demo_dir() {
  return std::filesystem::path(SLUICE_SOURCE_DIR) / "models" / "ce-tiny-demo";
}

/// The demo model on one thread of the CPU, whatever GPU there may be, as `options` say besides.
inline std::unique_ptr<LanguageModel> load_demo(LanguageModelOptions options = {}) {
  options.dir = demo_dir();
  options.device = Device::cpu;
  options.threads = 1;
  auto model = LanguageModel::load(options);
  if (!model) throw std::runtime_error(model.error().detail);
  return std::move(model).value();
}

inline CompletionRequest user_says(std::string text) {
  CompletionRequest request;
  request.messages.emplace_back();
  request.messages.back().content = std::move(text);
  return request;
}

/// Goes on for hundreds of steps, whatever the model would like.
inline CompletionRequest long_request() {
  CompletionRequest request = user_says("渴了");
  request.output.schema = R"({"type":"string","minLength":600})";
  return request;
}

}  // namespace sluice::inference
