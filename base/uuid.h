#pragma once

#include <cstdint>
#include <string>

namespace sluice {

/// A random UUID, version 4, in lower case: for event ids. From this thread's own generator, seeded
/// from the system with 256 bits; not for secrets.
[[nodiscard]] std::string new_uuid();

/// The UUID of these 128 bits, with version and variant set.
[[nodiscard]] std::string format_uuid(std::uint64_t high, std::uint64_t low);

}  // namespace sluice
