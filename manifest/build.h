#pragma once

#include "broker/broker_spec.h"
#include "manifest/common_fields.h"
#include "manifest/load.h"
#include "manifest/replies.h"
#include "manifest/resource.h"

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice {

/// Which events take a route, and what becomes of them.
struct RouteTerms {
  std::vector<PartName> parts;          ///< What it leads through.
  FilterPtr filter = {};                ///< Null: all events take it.
  std::vector<std::string> named = {};  ///< The filter's attributes_named().
  std::optional<Asked> asked = {};      ///< Who answers the event: what travels on is the reply.
  bool only_known = false;              ///< A reply of which nothing is known is not followed.
};

/// One way that events take between two local addresses, for the search for loops.
struct LocalRoute {
  std::string from;
  std::string to;
  const YamlNode* at;
  bool counts_hops;  ///< `to` is a Broker, which ends a loop when the hop count is used up.
  RouteTerms terms;
};

/// Where a `spec` stands: in a resource, or in a channelTemplate.
struct SpecPlace {
  const YamlNode* spec;   ///< Null: there is none.
  const YamlNode* key;    ///< Its key.
  const YamlNode* at;     ///< Where the whole is blamed: the resource's name, the template's kind.
  const YamlNode* above;  ///< Where a missing spec is reported.
  std::string_view in;    ///< What it stands in, for people.
};

[[nodiscard]] SpecPlace place_of(const Resource& resource);

/// Where resources become specs: what the build functions of the kinds read and write.
struct Build {
  const ManifestOptions& options;
  const ResourceIndex& index;
  const std::vector<std::string_view>& unread;  ///< Documents that could not be read.
  YamlStore& store;
  Findings& findings;
  ResourceGraph& graph;

  /// A Broker or channel that Triggers and Subscriptions attach to, by ingress path.
  struct Owner {
    std::size_t index;  ///< In graph.brokers or graph.channels.
    const Resource* resource;
    DeliveryPolicy delivery;
  };
  std::unordered_map<std::string, Owner> owners;
  std::vector<LocalRoute> routes;
  std::unordered_set<const Resource*> referenced;

  /// Reads a `spec` by the table of T. A spec that lacks is reported where T has a required field.
  template <typename T>
  T read_spec(const SpecPlace& place) {
    T fields;
    if (place.spec != nullptr) {
      read_fields(*place.spec, *place.key, findings, fields);
    } else {
      report_missing_spec(place, shape_info<T>());
    }
    return fields;
  }
  template <typename T>
  T read_spec(const Resource& resource) {
    return read_spec<T>(place_of(resource));
  }

  void route(const std::string& from, const std::optional<Destination>& to, const YamlNode& at,
             RouteTerms terms);

 private:
  void report_missing_spec(const SpecPlace& place, const ShapeInfo& shape);
};

/// The ingress path of a resource whose kind is addressed locally.
[[nodiscard]] std::string path_of(const Resource& resource);

/// The resource that `ref` names, which must be of one of `kinds`; null, with a finding at `at`,
/// when it is not declared. A field that lacks was reported when `ref` was read.
[[nodiscard]] const Resource* find_ref(const Value<RefFields>& ref, std::string_view what,
                                       const std::vector<std::string_view>& kinds,
                                       const Resource& owner, Build& build);

/// Where `fields` lead, seen from `owner`; nullopt, with a finding, when nowhere. `at` is where an
/// empty destination is reported.
[[nodiscard]] std::optional<Destination> resolve(const DestinationFields& fields,
                                                 const YamlNode& at, const Resource& owner,
                                                 Build& build);
/// The same for a field that may be absent.
[[nodiscard]] std::optional<Destination> resolve(const Value<DestinationFields>& fields,
                                                 const Resource& owner, Build& build);

/// A `delivery` block with its defaults, and with what `outer` gives where the block leaves it out:
/// all of it when the block is absent, else the dead letter sink only.
[[nodiscard]] DeliveryPolicy read_delivery(const Value<DeliveryFields>& fields,
                                           const DeliveryPolicy& outer, const Resource& owner,
                                           Build& build);

/// What a Broker without `spec.delivery` has: retry 10, exponential, PT0.2S.
[[nodiscard]] DeliveryPolicy broker_default_delivery();

/// Says so where an event that was not delivered would be sent to the same place again.
void warn_if_dead_letters_return(const DeliveryPolicy& delivery,
                                 const std::optional<Destination>& subscriber,
                                 const Value<DeliveryFields>& fields, Build& build);

/// The lines of kinds.def in their order, each with its resources; then what can only be seen with
/// all of them read.
void build_graph(const std::vector<Resource>& resources, Build& build);

}  // namespace sluice
