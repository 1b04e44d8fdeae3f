#pragma once

#include "inference/result.h"

#include <stdexcept>
#include <type_traits>
#include <utility>

namespace sluice::inference {

/// The value. Where there is none this test fails with the error's words, and the next one runs.
template <class T>
T need(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

}  // namespace sluice::inference
