#pragma once

#include "filter/filter.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace sluice {

using Attributes = std::map<std::string, std::string>;

/// An event with these attributes; id, source and type are made up where they are not given.
inline EventPtr event_with(const Attributes& attributes) {
  EventBuilder builder;
  builder.set("id", "1").set("source", "/s").set("type", "t");
  for (const auto& [name, value] : attributes) builder.set(name, value);
  return builder.build();
}

/// Compiles what the test says is right; a null filter and a failure otherwise.
inline FilterPtr compiled(std::string_view json) {
  auto filter = compile_filter(nlohmann::json::parse(json));
  if (filter) return std::move(filter).value();
  ADD_FAILURE() << json << ": " << filter.error().detail;
  return nullptr;
}

inline FilterPtr compiled_list(std::string_view json) {
  auto filter = compile_filters(nlohmann::json::parse(json));
  if (filter) return std::move(filter).value();
  ADD_FAILURE() << json << ": " << filter.error().detail;
  return nullptr;
}

inline FilterPtr compiled_attributes(std::string_view json) {
  auto filter = compile_attributes_filter(nlohmann::json::parse(json));
  if (filter) return std::move(filter).value();
  ADD_FAILURE() << json << ": " << filter.error().detail;
  return nullptr;
}

}  // namespace sluice
