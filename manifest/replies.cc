#include "manifest/replies.h"

#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>

namespace sluice {

Replies::Replies(const ResourceGraph& graph) : wrapped_(known_wrapped_reply()) {
  for (const InferenceServiceSpec& model : graph.inference_services) {
    models_[ingress_path(model.ns, "inferenceservices", model.name)] = {{known_reply(model)}, true};
  }
  for (const InferenceSinkSpec& sink : graph.inference_sinks) {
    models_[ingress_path(sink.ns, "inferencesinks", sink.name)] = {known_replies(sink),
                                                                   is_asked_by_data(sink)};
  }
}

Replies::Possible Replies::of(const Asked& asked, const KnownReply* event) const {
  Possible possible;
  if (!Destination{asked.address}.is_local()) {
    possible.others = true;
    if (asked.plain_reply == PlainReply::wrap) possible.known.push_back(&wrapped_);
    return possible;
  }
  const auto found = models_.find(asked.address);
  if (found == models_.end()) return possible;
  const Model& model = found->second;
  const bool may_refuse = event != nullptr && asked.gets_event && model.is_asked_by_data &&
                          event->data != KnownReply::Data::text;
  if (may_refuse) {
    possible.refused = event->data == KnownReply::Data::completion;
    return possible;
  }
  for (const KnownReply& reply : model.replies) possible.known.push_back(&reply);
  possible.others = model.replies.empty();
  return possible;
}

std::vector<std::string> attributes_named(const nlohmann::json& filter) {
  std::vector<std::string> names;
  const auto add = [&names](const nlohmann::json& part) {
    for (std::string& name : attributes_named(part)) names.push_back(std::move(name));
  };
  if (filter.is_array()) {
    for (const auto& part : filter) add(part);
    return names;
  }
  if (!filter.is_object()) return names;
  for (const auto& [dialect, argument] : filter.items()) {
    const bool takes_map =
        dialect == "exact" || dialect == "prefix" || dialect == "suffix" || dialect == "attributes";
    if (dialect == "all" || dialect == "any" || dialect == "not") add(argument);
    if (!takes_map || !argument.is_object()) continue;
    for (const auto& [name, value] : argument.items()) names.push_back(name);
  }
  return names;
}

bool surely_passes(const Filter& filter, const std::vector<std::string>& named,
                   const KnownReply& reply) {
  if (!filter.matches(*reply.event)) return false;
  std::vector<std::string_view> names = {"specversion"};
  reply.event->for_each_attribute([&](const Attribute& attribute) {
    if (!reply.is_open(attribute.name)) names.push_back(attribute.name);
  });
  for (const std::string& name : named) {
    if (!reply.is_open(name)) names.emplace_back(name);
  }
  return filter.looks_only_at(names);
}

}  // namespace sluice
