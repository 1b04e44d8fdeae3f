#include "manifest/log_routes.h"

#include <set>

namespace sluice {
namespace {

std::string text_of(const nlohmann::json& spec, const char* field) {
  return spec.value(field, std::string());
}

// The logs of a source or a sink: its servers and a topic or stream, for comparing.
std::set<std::string> logs_of(const nlohmann::json& spec) {
  if (spec.contains("stream")) return {text_of(spec, "address") + ' ' + text_of(spec, "stream")};
  const std::string servers = text_of(spec, "bootstrapServers") + ' ';
  if (spec.contains("topic")) return {servers + text_of(spec, "topic")};
  std::set<std::string> logs;
  for (const auto& topic : spec.value("topics", nlohmann::json::array())) {
    logs.insert(servers + topic.get<std::string>());
  }
  return logs;
}

std::string group_of(const nlohmann::json& spec) {
  return spec.contains("group") ? text_of(spec, "group") : text_of(spec, "consumerGroup");
}

bool share_a_log(const nlohmann::json& one, const nlohmann::json& other) {
  const auto logs = logs_of(other);
  for (const std::string& log : logs_of(one)) {
    if (logs.contains(log)) return true;
  }
  return false;
}

const Resource& resource_of(const SourceSpec& source, const Build& build) {
  return *build.index.find(source.kind, source.ns, source.name);
}

}  // namespace

void warn_of_shared_groups(Build& build) {
  std::map<std::string, const SourceSpec*> first_of_group;  // By servers, log and group.
  for (const ReadingSourceSpec& reading : build.graph.reading_sources) {
    const SourceSpec& source = reading.source;
    for (const std::string& log : logs_of(source.spec)) {
      const auto [first, fresh] =
          first_of_group.emplace(log + ' ' + group_of(source.spec), &source);
      if (fresh) continue;
      build.findings.warning(*resource_of(source, build).at,
                             "it reads as the same group as " +
                                 resource_of(*first->second, build).title() +
                                 ": each of them gets a part of the events",
                             "give it a group of its own");
      break;
    }
  }
}

void add_log_routes(Build& build) {
  for (const SinkSpec& sink : build.graph.sinks) {
    for (const ReadingSourceSpec& reading : build.graph.reading_sources) {
      if (!share_a_log(sink.spec, reading.source.spec)) continue;
      build.route(ingress_path(sink.ns, "sinks", sink.name), reading.dispatch.subscriber,
                  *resource_of(reading.source, build).at,
                  {.parts = {{reading.source.kind, reading.source.ns, reading.source.name}}});
    }
  }
}

}  // namespace sluice
