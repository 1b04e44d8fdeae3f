#pragma once

#include "broker/broker_spec.h"
#include "manifest/build.h"

#include <string_view>
#include <vector>

namespace sluice {

/// One annotation that Sluice reads.
struct AnnotationInfo {
  std::string_view key;
  std::string_view type;
  std::string_view fallback;
  std::string_view about;
  std::vector<std::string_view> kinds;  ///< Those it has a meaning on.
};

[[nodiscard]] const std::vector<AnnotationInfo>& all_annotations();

/// Sets `plain_reply`, `ordered` and `max_in_flight` of `spec` where the resource says so; bad
/// values go to the findings.
void read_dispatch_annotations(const Resource& resource, DispatchSpec& spec, Findings& findings);

/// Sets the capacities of `channel`.
void read_capacity_annotations(const Resource& resource, ChannelSpec& channel, Findings& findings);

/// Warns of annotations of ours that are unknown, or have no meaning on this kind.
void check_annotations(const Resource& resource, Findings& findings);

/// A Kubernetes quantity that is a whole number: "256Mi", "1G", "1.5Gi", "2e6", "5000".
/// Errors: invalid_argument.
[[nodiscard]] Result<std::uint64_t> parse_quantity(std::string_view text);

}  // namespace sluice
