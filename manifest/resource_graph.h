#pragma once

#include "broker/broker_spec.h"
#include "sinks/inference_spec.h"
#include "sinks/sink_spec.h"
#include "sources/source_spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One declared resource, for listings. Views are of the table of kinds.
struct ResourceEntry {
  std::string_view api_version;
  std::string_view kind;
  std::string ns;
  std::string name;
  std::string path;  ///< Its ingress path where it is addressable, e.g. "/default/orders"; else "".
  std::string url;   ///< A Service's sluice.dev/url; else "".
};

/// What hands events on, as pictures name it.
struct PartName {
  std::string kind;  ///< "Trigger", "Subscription", "Step", "Branch", or that of a source.
  std::string ns;
  std::string name;
};

/// A circle that events run through, or may.
struct EventLoop {
  std::vector<std::string> addresses;  ///< Of all that they come to and of who answers them.
  std::vector<PartName> parts;
};

/// What a set of manifests describes: specs with every reference resolved and every default and
/// fallback applied. Data only: it starts nothing.
struct ResourceGraph {
  std::vector<BrokerSpec> brokers;
  std::vector<ChannelResourceSpec> channels;
  std::vector<SequenceSpec> sequences;
  std::vector<ParallelSpec> parallels;
  std::vector<SourceSpec> sources;
  std::vector<ReadingSourceSpec> reading_sources;
  std::vector<SinkSpec> sinks;
  std::vector<InferenceServiceSpec> inference_services;
  std::vector<InferenceSinkSpec> inference_sinks;
  std::vector<EventLoop> loops;          ///< Those that are warned of.
  std::vector<ResourceEntry> resources;  ///< Everything, in the order declared.
};

/// The ingress path of an addressable resource. `plural` is "" for a Broker, else "channels",
/// "sequences", "parallels", "sinks", "inferenceservices", ...
[[nodiscard]] std::string ingress_path(std::string_view ns, std::string_view plural,
                                       std::string_view name);

}  // namespace sluice
