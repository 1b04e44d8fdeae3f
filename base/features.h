#pragma once

namespace sluice {

/// What this binary was built with (CMake options SLUICE_KAFKA, SLUICE_REDIS and SLUICE_CUDA).
inline constexpr bool kHasKafka = SLUICE_HAS_KAFKA != 0;
inline constexpr bool kHasRedis = SLUICE_HAS_REDIS != 0;
inline constexpr bool kHasCuda = SLUICE_HAS_CUDA != 0;

}  // namespace sluice
