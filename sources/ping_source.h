#pragma once

#include "sources/clock.h"
#include "sources/source.h"

#include <memory>

namespace sluice {

/// How many events of one PingSource may be on their way at once. A slow sink makes ticks overlap;
/// past this bound a tick is dropped and counted.
inline constexpr std::size_t kPingsInFlight = 64;

/// A PingSource that goes by `clock`, which outlives it; make_source() gives it the machine's.
/// Errors: invalid_argument, naming the field.
[[nodiscard]] Result<std::unique_ptr<Source>> make_ping_source_with_clock(const SourceSpec& spec,
                                                                          SourceParts parts,
                                                                          Clock& clock);

}  // namespace sluice
