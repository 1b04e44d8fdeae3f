#pragma once

#include "event/event_builder.h"
#include "sinks/inference_model.h"
#include "tests/support/run_task.h"

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// The repository's demo model as an InferenceService, one generation at a time.
inline InferenceServiceSpec demo_spec() {
  InferenceServiceSpec spec;
  spec.name = "demo";
  spec.model_name = "ce-tiny-demo";
  spec.model_dir = std::string(SLUICE_SOURCE_DIR) + "/models/ce-tiny-demo";
  spec.device = "cpu";  // Whatever GPU there may be.
  spec.threads = 1;
  spec.max_num_seqs = 1;
  return spec;
}

/// Begins to load; who asks waits for it.
inline void start_model(InferenceModel& model) {
  InferenceModel::LoadListener nobody;
  nobody.on_stage = [](std::string_view) {};
  nobody.on_loaded = [](const Result<inference::LoadFacts>&) {};
  model.start(std::move(nobody));
}

inline inference::CompletionRequest user_asks(std::string text) {
  inference::CompletionRequest request;
  request.messages.emplace_back();
  request.messages.back().content = std::move(text);
  return request;
}

/// Takes the demo model hundreds of steps.
inline inference::CompletionRequest takes_long() {
  inference::CompletionRequest request = user_asks("渴了");
  request.output.schema = R"({"type":"string","minLength":900})";
  return request;
}

/// An event that asks: /ping 7, with a partition key and a trace.
inline EventBuilder asking_event() {
  EventBuilder builder;
  builder.set("id", "7")
      .set("source", "/ping")
      .set("type", "com.example.said")
      .set("partitionkey", "anna")
      .set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  return builder;
}

inline EventPtr asking(std::string_view data, std::string_view content_type) {
  EventBuilder builder = asking_event();
  builder.set("datacontenttype", content_type).data(data, DataKind::bytes);
  return builder.build();
}

}  // namespace sluice
