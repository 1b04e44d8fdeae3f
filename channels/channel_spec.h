#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>

namespace sluice {

/// One channel as the manifests describe it. `name` is unique within its namespace and kind: a
/// Broker's own channel is called NAME-kne-trigger, a Sequence's NAME-kn-sequence-I, a Parallel's
/// NAME-kn-parallel and NAME-kn-parallel-I.
struct ChannelSpec {
  std::string kind = "InMemoryChannel";
  std::string ns = "default";
  std::string name;
  std::size_t capacity_events = 100'000;  ///< Not yet settled by every consumer.
  std::size_t capacity_bytes = 256U * 1024 * 1024;
  nlohmann::json spec = nlohmann::json::object();  ///< The kind's own fields.
};

}  // namespace sluice
