#pragma once

namespace sluice::inference {

/// Prints the broken expression and where it stands, then aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace sluice::inference

/// For bugs, not for bad input: on in release builds as well.
#define INFERENCE_ASSERT(expression) \
  (static_cast<bool>(expression)     \
       ? void(0)                     \
       : ::sluice::inference::assertion_failed(#expression, __FILE__, __LINE__))
