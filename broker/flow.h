#pragma once

#include "broker/broker_spec.h"

#include <vector>

namespace sluice {

/// A flow is wiring, not code on the path: the channels and subscriptions that Knative would make
/// of it, named as Knative names them.

/// Step i is the subscription of channel NAME-kn-sequence-i; its reply goes to channel i+1, the
/// last one's to the Sequence's reply. The first channel's address is the Sequence's.
[[nodiscard]] std::vector<ChannelResourceSpec> channels_of(const SequenceSpec& sequence);

/// Channel NAME-kn-parallel feeds every branch: through its filter, whose reply goes to the
/// branch's channel NAME-kn-parallel-i, or straight into that channel. The first channel's address
/// is the Parallel's.
[[nodiscard]] std::vector<ChannelResourceSpec> channels_of(const ParallelSpec& parallel);

/// The ingress path of a channel: "/NS/channels/NAME".
[[nodiscard]] std::string channel_path(const ChannelSpec& channel);

}  // namespace sluice
