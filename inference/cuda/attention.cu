#include "inference/cuda/attention.h"

#include "inference/cuda/attention_decode.cuh"
#include "inference/cuda/attention_prefill.cuh"

#include <algorithm>
#include <cstddef>

namespace sluice::inference::cuda {
namespace {

/// Blocks of the decode kernel that fill a device a few times: where there are many works, a block
/// has several chunks one after the other.
constexpr int kDecodeBlocks = 1024;

constexpr std::size_t decode_shared_bytes(int head_dim) noexcept {
  return std::size_t{kAttentionWarps} * kTileRows *
         static_cast<std::size_t>(partial_size(head_dim)) * sizeof(float);
}

constexpr std::size_t prefill_shared_bytes(int head_dim) noexcept {
  return 2 * static_cast<std::size_t>(split_buffer_size(head_dim)) * sizeof(Bf16);
}

template <int kHeadDim>
cudaError_t enqueue_attention_of(const Stream& stream, const AttentionArgs& args) {
  const int num_kv_heads = args.shape.num_kv_heads;
  const auto kv_heads = static_cast<unsigned>(num_kv_heads);
  const dim3 block(kAttentionWarps * 32);
  if (args.num_prefill > 0) {
    const LaunchShape shape = {dim3(kv_heads, static_cast<unsigned>(args.num_prefill)), block,
                               prefill_shared_bytes(kHeadDim)};
    const cudaError_t error = launch(stream, shape, prefill_attention<kHeadDim>, args);
    if (error != cudaSuccess) return error;
  }
  if (args.num_decode == 0) return cudaSuccess;
  const int chunks = (std::max(args.max_context, 1) + kChunkKeys - 1) / kChunkKeys;
  const int wide = std::clamp(kDecodeBlocks / (num_kv_heads * args.num_decode), 1, chunks);
  const dim3 grid(static_cast<unsigned>(wide), kv_heads, static_cast<unsigned>(args.num_decode));
  const LaunchShape shape = {grid, block, decode_shared_bytes(kHeadDim)};
  return launch(stream, shape, decode_attention<kHeadDim>, args);
}

}  // namespace

cudaError_t prepare_attention() {
  for (const cudaError_t error :
       {allow_shared_memory(decode_attention<64>, decode_shared_bytes(64)),
        allow_shared_memory(decode_attention<128>, decode_shared_bytes(128)),
        allow_shared_memory(prefill_attention<64>, prefill_shared_bytes(64)),
        allow_shared_memory(prefill_attention<128>, prefill_shared_bytes(128))}) {
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t enqueue_attention(const Stream& stream, const AttentionArgs& args) {
  const AttentionShape& shape = args.shape;
  if (shape.num_kv_heads < 1 || shape.num_heads % shape.num_kv_heads != 0 || shape.group() < 1 ||
      shape.group() > kTileRows) {
    return cudaErrorInvalidValue;
  }
  if (shape.head_dim == 64) return enqueue_attention_of<64>(stream, args);
  if (shape.head_dim == 128) return enqueue_attention_of<128>(stream, args);
  return cudaErrorInvalidValue;
}

}  // namespace sluice::inference::cuda
