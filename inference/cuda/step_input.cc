#include "inference/cuda/step_input.h"

#include <algorithm>
#include <string>

namespace sluice::inference::cuda {
namespace {

constexpr std::int64_t kAlignment = 256;

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

template <class T>
std::int64_t bytes_of(std::int64_t count) {
  return count * static_cast<std::int64_t>(sizeof(T));
}

int rows_of(const StepPart& part) { return static_cast<int>(part.num_tokens()); }

}  // namespace

Result<StepInput> StepInput::make(const StepLimits& limits, const AttentionShape& attention,
                                  const AttentionLimits& attention_limits) {
  StepInput input;
  input.limits_ = limits;
  input.attention_ = attention;
  input.attention_limits_ = attention_limits;
  Layout& layout = input.layout_;
  const std::int64_t most_blocks =
      std::int64_t{limits.max_parts} * (limits.max_context / kKvBlockTokens);
  layout.parts = aligned(bytes_of<DeviceRow>(limits.max_rows));
  layout.wanted = layout.parts + aligned(bytes_of<DevicePart>(limits.max_parts));
  layout.decode = layout.wanted + aligned(bytes_of<int>(limits.max_parts));
  layout.prefill = layout.decode + aligned(bytes_of<AttentionWork>(limits.max_rows));
  layout.blocks = layout.prefill + aligned(bytes_of<AttentionWork>(limits.max_rows));
  layout.end = layout.blocks + aligned(bytes_of<int>(most_blocks));
  INFERENCE_TRY(input.device_, DeviceMemory::make(layout.end, "a step's input"));
  for (Slot& slot : input.slots_) {
    INFERENCE_TRY(slot.memory, PinnedMemory::make(layout.end, "a step's input"));
    INFERENCE_TRY(slot.copied, make_event());
  }
  return input;
}

DeviceStep StepInput::on_device() const noexcept {
  const auto* bytes = device_.as<std::byte>();
  return {reinterpret_cast<const DeviceRow*>(bytes),
          reinterpret_cast<const DevicePart*>(bytes + layout_.parts),
          reinterpret_cast<const int*>(bytes + layout_.wanted),
          reinterpret_cast<const AttentionWork*>(bytes + layout_.decode),
          reinterpret_cast<const AttentionWork*>(bytes + layout_.prefill),
          reinterpret_cast<const int*>(bytes + layout_.blocks)};
}

Result<StepShape> StepInput::shape_of(std::span<const StepPart> parts) const {
  StepShape shape;
  shape.num_parts = static_cast<int>(parts.size());
  for (const StepPart& part : parts) {
    const int rows = rows_of(part);
    shape.num_rows += rows;
    shape.num_wanted += part.wants_logits ? 1 : 0;
    shape.longest_part = std::max(shape.longest_part, rows);
    shape.longest_context = std::max(shape.longest_context, static_cast<int>(part.position) + rows);
  }
  if (shape.num_rows > limits_.max_rows || shape.num_parts > limits_.max_parts ||
      shape.longest_context > limits_.max_context) {
    return fail(Errc::internal, "a step of " + std::to_string(shape.num_rows) + " rows, " +
                                    std::to_string(shape.num_parts) + " parts and a context of " +
                                    std::to_string(shape.longest_context) + " passes the limits");
  }
  return shape;
}

Result<AttentionPlan> StepInput::copy(std::span<const StepPart> parts, int padded_rows,
                                      cudaStream_t stream) {
  Slot& slot = slots_[next_];
  next_ = (next_ + 1) % slots_.size();
  INFERENCE_CHECK(check(cudaEventSynchronize(slot.copied.get()), "a step's input"));
  const std::int64_t bytes = write(parts, padded_rows, slot.memory.as<std::byte>());
  const AttentionPlan plan = plan_works(parts.size(), slot.memory.as<std::byte>());
  INFERENCE_CHECK(
      check(cudaMemcpyAsync(device_.as<std::byte>(), slot.memory.as<std::byte>(),
                            static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, stream),
            "a step's input"));
  INFERENCE_CHECK(check(cudaEventRecord(slot.copied.get(), stream), "a step's input"));
  return plan;
}

AttentionPlan StepInput::plan_works(std::size_t num_parts, std::byte* to) const {
  const auto rows = static_cast<std::size_t>(limits_.max_rows);
  return plan_attention({reinterpret_cast<const DevicePart*>(to + layout_.parts), num_parts},
                        attention_, attention_limits_,
                        {reinterpret_cast<AttentionWork*>(to + layout_.decode), rows},
                        {reinterpret_cast<AttentionWork*>(to + layout_.prefill), rows});
}

/// Returns how many bytes it wrote, or left between what it wrote.
std::int64_t StepInput::write(std::span<const StepPart> parts, int padded_rows,
                              std::byte* to) const {
  auto* rows = reinterpret_cast<DeviceRow*>(to);
  auto* out = reinterpret_cast<DevicePart*>(to + layout_.parts);
  auto* wanted = reinterpret_cast<int*>(to + layout_.wanted);
  auto* blocks = reinterpret_cast<int*>(to + layout_.blocks);
  int num_rows = 0;
  int num_parts = 0;
  int num_blocks = 0;
  for (const StepPart& part : parts) {
    const auto position = static_cast<int>(part.position);
    const int own_rows = rows_of(part);
    for (int i = 0; i < own_rows; ++i) {
      const int token = part.follows >= 0 ? 0 : part.tokens[static_cast<std::size_t>(i)];
      rows[num_rows + i] = {token, static_cast<int>(part.follows), position + i, num_parts};
    }
    out[num_parts++] = {num_rows, own_rows, position, num_blocks};
    num_rows += own_rows;
    if (part.wants_logits) *wanted++ = num_rows - 1;
    // Blocks beyond the last row hold nothing that it sees.
    const std::int64_t used = (position + own_rows + kKvBlockTokens - 1) / kKvBlockTokens;
    std::copy_n(part.blocks.begin(), used, blocks + num_blocks);
    num_blocks += static_cast<int>(used);
  }
  std::fill(rows + num_rows, rows + std::max(padded_rows, num_rows), DeviceRow{});
  std::fill(out + num_parts, out + limits_.max_parts, DevicePart{});
  return layout_.blocks + bytes_of<int>(num_blocks);
}

}  // namespace sluice::inference::cuda
