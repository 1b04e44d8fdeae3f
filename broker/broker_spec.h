#pragma once

#include "broker/delivery_policy_spec.h"
#include "channels/channel_spec.h"
#include "filter/filter.h"
#include "sinks/sink_spec.h"
#include "sources/source_spec.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice {

/// How the events of one channel reach one subscriber: a Trigger, a Subscription, a step of a flow.
struct DispatchSpec {
  std::string ns = "default";
  std::string name;
  FilterPtr filter;            ///< Null: every event.
  nlohmann::json filter_json;  ///< The filter as written, for `graph` and the admin API.
  Destination subscriber;
  std::optional<Destination> reply;  ///< A Trigger's is its Broker.
  DeliveryPolicy delivery;
  PlainReply plain_reply = PlainReply::ignore;  ///< A Trigger's default is `fail`.
  bool ordered = false;
  std::size_t max_in_flight = 64;
};

struct BrokerSpec {
  std::string ns = "default";
  std::string name;
  ChannelSpec channel;
  std::vector<DispatchSpec> triggers;
};

/// A Channel or InMemoryChannel with its Subscriptions.
struct ChannelResourceSpec {
  ChannelSpec channel;
  std::vector<DispatchSpec> subscriptions;
};

struct SequenceSpec {
  std::string ns = "default";
  std::string name;
  ChannelSpec channel_template;     ///< `name` is empty: each step's channel gets its own.
  std::vector<DispatchSpec> steps;  ///< Named NAME-kn-sequence-I; `reply` is unset.
  std::optional<Destination> reply;
};

struct ParallelSpec {
  struct Branch {
    std::optional<DispatchSpec> filter;  ///< Passes the event that it returns.
    DispatchSpec subscriber;             ///< Its `reply` is the branch's own, if any.
  };
  std::string ns = "default";
  std::string name;
  ChannelSpec channel_template;
  std::vector<Branch> branches;
  std::optional<Destination> reply;
};

/// A source that reads a log which others write, and how its events reach its sink.
struct ReadingSourceSpec {
  SourceSpec source;
  DispatchSpec dispatch;    ///< Its name, subscriber and policy; neither reply nor filter.
  std::size_t readers = 1;  ///< Members of its consumer group in this process.
};

}  // namespace sluice
