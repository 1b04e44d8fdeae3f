#include "sinks/check_sink_spec.h"

#include "sinks/sink.h"

namespace sluice {

Result<void> check_sink_spec(const SinkSpec& spec) {
  const auto sink = make_sink(spec, {});
  if (!sink) return sink.error();
  return boost::outcome_v2::success();
}

}  // namespace sluice
