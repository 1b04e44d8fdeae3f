#include "inference/generation.h"

namespace sluice::inference {

std::string_view to_string(FinishReason reason) noexcept {
  switch (reason) {
    case FinishReason::stop:
      return "stop";
    case FinishReason::length:
      return "length";
    case FinishReason::cancelled:
      return "cancelled";
    case FinishReason::expired:
      return "expired";
    case FinishReason::error:
      break;
  }
  return "error";
}

}  // namespace sluice::inference
