// Sequence and Parallel (flows.knative.dev/v1): subscribers one after the other, or side by side.

#include "manifest/annotations.h"
#include "manifest/channel_parts.h"

namespace sluice {
namespace {

struct StepFields : DestinationFields {
  Value<DeliveryFields> delivery;
};

struct SequenceFields {
  Value<std::vector<Value<StepFields>>> steps;
  Value<ChannelTemplateFields> channel_template;
  Value<DestinationFields> reply;
};

struct BranchFields {
  Value<DestinationFields> filter;
  Value<DestinationFields> subscriber;
  Value<DestinationFields> reply;
  Value<DeliveryFields> delivery;
};

struct ParallelFields {
  Value<std::vector<Value<BranchFields>>> branches;
  Value<ChannelTemplateFields> channel_template;
  Value<DestinationFields> reply;
};

DispatchSpec make_dispatch(const Resource& resource, std::string name, Build& build) {
  DispatchSpec spec;
  spec.ns = resource.ns;
  spec.name = std::move(name);
  read_dispatch_annotations(resource, spec, build.findings);
  return spec;
}

void build_sequence(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<SequenceFields>(resource);
  const ChannelTemplate made = read_channel_template(fields.channel_template, resource, build);
  SequenceSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  spec.channel_template = made.channel;
  read_capacity_annotations(resource, spec.channel_template, build.findings);
  const std::string path = path_of(resource);
  RouteTerms terms;  // The event of a step is the reply of the one before.
  for (const Value<StepFields>& step : *fields.steps) {
    const std::string name = resource.name + "-kn-sequence-" + std::to_string(spec.steps.size());
    DispatchSpec dispatch = make_dispatch(resource, name, build);
    const auto subscriber = resolve(*step, *step.node, resource, build);
    if (subscriber) dispatch.subscriber = *subscriber;
    dispatch.delivery = read_delivery(step->delivery, made.delivery, resource, build);
    warn_if_dead_letters_return(dispatch.delivery, subscriber, step->delivery, build);
    terms.parts.push_back({"Step", dispatch.ns, dispatch.name});
    build.route(path, subscriber, *step.node, terms);
    const bool is_first = spec.steps.empty();
    terms.asked = Asked{dispatch.subscriber.address, dispatch.plain_reply, is_first};
    spec.steps.push_back(std::move(dispatch));
  }
  spec.reply = resolve(fields.reply, resource, build);
  if (spec.reply) build.route(path, spec.reply, *fields.reply.node, std::move(terms));
  build.graph.sequences.push_back(std::move(spec));
}

// Of the replies of a branch.
RouteTerms terms_of(const ParallelSpec::Branch& branch) {
  const DispatchSpec& dispatch = branch.subscriber;
  return {.parts = {{"Branch", dispatch.ns, dispatch.name}},
          .asked = Asked{dispatch.subscriber.address, dispatch.plain_reply, !branch.filter}};
}

ParallelSpec::Branch make_branch(const Value<BranchFields>& fields, const std::string& suffix,
                                 const DeliveryPolicy& outer, const Resource& resource,
                                 Build& build) {
  ParallelSpec::Branch branch;
  const DeliveryPolicy delivery = read_delivery(fields->delivery, outer, resource, build);
  if (fields->filter) {
    DispatchSpec filter =
        make_dispatch(resource, resource.name + "-kn-parallel-filter-" + suffix, build);
    const auto target = resolve(fields->filter, resource, build);
    if (target) filter.subscriber = *target;
    filter.delivery = delivery;
    filter.plain_reply = PlainReply::ignore;  // Without an event it has not passed, come what may.
    branch.filter = std::move(filter);
  }
  branch.subscriber = make_dispatch(resource, resource.name + "-kn-parallel-" + suffix, build);
  const auto subscriber = resolve(fields->subscriber, resource, build);
  if (subscriber) branch.subscriber.subscriber = *subscriber;
  branch.subscriber.delivery = delivery;
  branch.subscriber.reply = resolve(fields->reply, resource, build);
  warn_if_dead_letters_return(delivery, subscriber, fields->delivery, build);
  const std::string path = path_of(resource);
  RouteTerms terms = terms_of(branch);
  if (fields->reply) build.route(path, branch.subscriber.reply, *fields->reply.node, terms);
  terms.asked.reset();
  if (!fields->filter) build.route(path, subscriber, *fields.node, std::move(terms));
  return branch;
}

void build_parallel(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<ParallelFields>(resource);
  const ChannelTemplate made = read_channel_template(fields.channel_template, resource, build);
  ParallelSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  spec.channel_template = made.channel;
  read_capacity_annotations(resource, spec.channel_template, build.findings);
  for (const Value<BranchFields>& branch : *fields.branches) {
    const std::string suffix = std::to_string(spec.branches.size());
    spec.branches.push_back(make_branch(branch, suffix, made.delivery, resource, build));
  }
  spec.reply = resolve(fields.reply, resource, build);
  for (const ParallelSpec::Branch& branch : spec.branches) {
    if (!spec.reply || branch.subscriber.reply) continue;
    build.route(path_of(resource), spec.reply, *fields.reply.node, terms_of(branch));
  }
  build.graph.parallels.push_back(std::move(spec));
}

constexpr FieldInfo kTemplate = {"channelTemplate", "What the channels between are.", false,
                                 "InMemoryChannel"};

}  // namespace

template <>
const Shape<StepFields>& shape_of() {
  static const Shape<StepFields> shape(
      "Sequence step",
      {
          field<&StepFields::ref, StepFields>(
              {"ref", "The step's subscriber, as a resource; see [references](#references)."}),
          field<&StepFields::uri, StepFields>({"uri", "The step's subscriber, as a URL."}),
          field<&StepFields::delivery>({"delivery",
                                        "Of this step; its dead letter is the step's input.", false,
                                        "that of the channelTemplate"}),
      });
  return shape;
}

template <>
const Shape<SequenceFields>& shape_of() {
  static const Shape<SequenceFields> shape(
      "Sequence spec",
      {
          field<&SequenceFields::steps>(
              {"steps", "The subscribers, in order: the reply of one is the input of the next.",
               true}),
          field<&SequenceFields::channel_template>(kTemplate),
          field<&SequenceFields::reply>(
              {"reply", "Where the last step's replies go.", false, "they are dropped"}),
      });
  return shape;
}

template <>
const Shape<BranchFields>& shape_of() {
  static const Shape<BranchFields> shape(
      "Parallel branch",
      {
          field<&BranchFields::filter>({"filter",
                                        "A destination that passes the event which it returns; no "
                                        "event means no.",
                                        false, "all events pass"}),
          field<&BranchFields::subscriber>({"subscriber", "Where the passed events go.", true}),
          field<&BranchFields::reply>(
              {"reply", "Where the subscriber's replies go.", false, "that of the Parallel"}),
          field<&BranchFields::delivery>({"delivery", "Of the branch's filter and its subscriber.",
                                          false, "that of the channelTemplate"}),
      });
  return shape;
}

template <>
const Shape<ParallelFields>& shape_of() {
  static const Shape<ParallelFields> shape(
      "Parallel spec",
      {
          field<&ParallelFields::branches>({"branches", "Each of them gets every event.", true}),
          field<&ParallelFields::channel_template>(kTemplate),
          field<&ParallelFields::reply>({"reply",
                                         "Where replies go of branches without a reply of their "
                                         "own.",
                                         false, "they are dropped"}),
      });
  return shape;
}

KindInfo sequence_kind() {
  KindInfo info;
  info.kind = "Sequence";
  info.api_versions = {"flows.knative.dev/v1"};
  info.about =
      "Takes events at `/NAMESPACE/sequences/NAME` and leads each through its steps. A step that "
      "returns no event ends it there.";
  info.addressing = Addressing::local;
  info.plural = "sequences";
  info.spec = &shape_info<SequenceFields>;
  info.build = build_sequence;
  return info;
}

KindInfo parallel_kind() {
  KindInfo info;
  info.kind = "Parallel";
  info.api_versions = {"flows.knative.dev/v1"};
  info.about = "Takes events at `/NAMESPACE/parallels/NAME` and gives each to all its branches.";
  info.addressing = Addressing::local;
  info.plural = "parallels";
  info.spec = &shape_info<ParallelFields>;
  info.build = build_parallel;
  return info;
}

}  // namespace sluice
