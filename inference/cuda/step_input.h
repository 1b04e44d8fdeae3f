#pragma once

#include "inference/backend.h"
#include "inference/cuda/attention_work.h"
#include "inference/cuda/device_memory.h"
#include "inference/cuda/step_layout.h"
#include "inference/result.h"

#include <array>
#include <cstdint>
#include <span>

namespace sluice::inference::cuda {

/// The most that a step has.
struct StepLimits {
  int max_rows = 0;     ///< Tokens.
  int max_parts = 0;    ///< Generations.
  int max_context = 0;  ///< Tokens of a generation; a multiple of kKvBlockTokens.
};

/// What a step looks like to the host that starts its kernels.
struct StepShape {
  int num_rows = 0;
  int num_parts = 0;
  int num_wanted = 0;       ///< Rows whose logits are wanted.
  int longest_part = 0;     ///< Rows.
  int longest_context = 0;  ///< Keys that a row sees.

  /// Each part has one row: such steps repeat, and can be replayed.
  [[nodiscard]] bool is_decode() const noexcept { return longest_part == 1; }
};

/// A step in device memory. Places that the step does not use hold rows at position -1 and parts
/// without rows, up to the limits that it was padded to.
struct DeviceStep {
  const DeviceRow* rows = nullptr;         ///< (max_rows)
  const DevicePart* parts = nullptr;       ///< (max_parts)
  const int* wanted = nullptr;             ///< (max_parts): the rows whose logits are wanted.
  const AttentionWork* decode = nullptr;   ///< (max_rows)
  const AttentionWork* prefill = nullptr;  ///< (max_rows)
  const int* blocks = nullptr;             ///< Of all parts, one after the other.
};

/// Tells the device of each step, in one copy that the host does not wait for.
class StepInput {
 public:
  /// Errors: resource_exhausted, unavailable.
  static Result<StepInput> make(const StepLimits& limits, const AttentionShape& attention,
                                const AttentionLimits& attention_limits);

  /// The same for every step, so that kernels can be captured with it.
  [[nodiscard]] DeviceStep on_device() const noexcept;

  /// What `parts` come to. Errors: internal, when they pass the limits.
  [[nodiscard]] Result<StepShape> shape_of(std::span<const StepPart> parts) const;

  /// Copies the step to the device, behind what is in `stream`; `parts` is not needed afterwards.
  /// The rows are padded to `padded_rows`, at most the limit. Returns who computes the attention.
  /// Errors: unavailable.
  Result<AttentionPlan> copy(std::span<const StepPart> parts, int padded_rows, cudaStream_t stream);

 private:
  /// Where the host writes; two, so that it can while the copy before is on its way.
  struct Slot {
    PinnedMemory memory;
    OwnedEvent copied;
  };
  /// Byte offsets of what stands in a slot and on the device.
  struct Layout {
    std::int64_t parts = 0, wanted = 0, decode = 0, prefill = 0, blocks = 0, end = 0;
  };

  [[nodiscard]] std::int64_t write(std::span<const StepPart> parts, int padded_rows,
                                   std::byte* to) const;
  [[nodiscard]] AttentionPlan plan_works(std::size_t num_parts, std::byte* to) const;

  StepLimits limits_;
  AttentionShape attention_;
  AttentionLimits attention_limits_;
  Layout layout_;
  DeviceMemory device_;
  std::array<Slot, 2> slots_;
  std::size_t next_ = 0;
};

}  // namespace sluice::inference::cuda
