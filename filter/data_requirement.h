#pragma once

#include "filter/data_path.h"
#include "filter/data_pattern.h"
#include "filter/json_data.h"

namespace sluice {

/// What the `data` dialect wants of one path.
struct DataRequirement {
  DataPath path;
  DataAlternatives wanted;
};

/// Whether a value at the path passes; of an array, whether one of its elements does, arrays in it
/// likewise. Nothing passes where `data` is no JSON.
[[nodiscard]] bool is_met(const DataRequirement& required, const JsonData& data) noexcept;

/// The same for people, with what `event`, whose data this is, has there, why that could not be
/// read, and the nearest miss.
[[nodiscard]] Explanation explained(const Event& event, const JsonData& data,
                                    const DataRequirement& required);

}  // namespace sluice
