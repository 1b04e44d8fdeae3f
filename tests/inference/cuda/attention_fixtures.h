#pragma once

#include "inference/cuda/attention.h"
#include "inference/cuda/ptx.cuh"
#include "tests/inference/cuda/attention_elements.h"
#include "tests/inference/cuda/device_array.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace sluice::inference::cuda {

struct AttentionOptions {
  int max_decode_tiles = 4;
  int max_context = 1024;
  int workspace_rows = 64;           ///< Of 1024 positions each.
  std::uint16_t unwritten = 0xffff;  ///< In the cache, where no position is; NaN.
  int launches = 1;
  unsigned block_seed = 1;
};

/// Attention of one step, from chunks to outputs, all that the launch could do wrong on the way
/// looked at.
class AttentionStep {
 public:
  AttentionStep(AttentionShape shape, std::vector<Chunk> chunks, AttentionOptions options = {})
      : shape_(shape), chunks_(std::move(chunks)), options_(options) {
    int num_blocks = 2;
    for (const Chunk& chunk : chunks_) {
      num_rows_ += chunk.num_rows;
      num_blocks += (chunk.position + chunk.num_rows) / kPageKeys + 1;
    }
    std::vector<int> free(static_cast<std::size_t>(num_blocks));
    for (int i = 0; i < num_blocks; ++i) free[static_cast<std::size_t>(i)] = i;
    std::ranges::shuffle(free, std::mt19937(options.block_seed));
    cache_.assign(index(num_blocks * shape_.num_kv_heads * page_size(shape_.head_dim)),
                  {options.unwritten});
    for (const Chunk& chunk : chunks_) add(chunk, free);
  }

  Outputs run() {
    const std::size_t room = index(num_rows_ + 1);
    std::vector<AttentionWork> decode(room);
    std::vector<AttentionWork> prefill(room);
    const auto size = workspace_size(shape_, options_.workspace_rows, 1024);
    const AttentionLimits limits = {size, options_.max_decode_tiles};
    const AttentionPlan plan = plan_attention(parts_, shape_, limits, decode, prefill);
    const DeviceArray<AttentionWork> decode_works(decode);
    const DeviceArray<AttentionWork> prefill_works(prefill);
    const DeviceArray<Bf16> queries(queries_);
    const DeviceArray<Bf16> cache(cache_);
    const DeviceArray<int> blocks(blocks_);
    std::vector<Bf16> untouched(index((num_rows_ + 7) / 8 * 8 * width()), Bf16{0xabcd});
    const DeviceArray<Bf16> out(untouched);
    const DeviceArray<float> workspace(std::vector<float>(index(size) + 64, 17.0F));
    const DeviceArray<int> counters(std::vector<int>(room * index(shape_.num_kv_heads) + 8, 0));
    AttentionArgs args = {shape_, queries.data(), cache.data(), blocks.data(), out.data()};
    args.decode = decode_works.data();  // One work without rows, as in a captured launch.
    args.num_decode = plan.num_decode == 0 ? 0 : plan.num_decode + 1;
    args.prefill = prefill_works.data();
    args.num_prefill = plan.num_prefill == 0 ? 0 : plan.num_prefill + 1;
    args.max_context = options_.max_context;
    args.workspace = workspace.data();
    args.counters = counters.data();
    EXPECT_EQ(prepare_attention(), cudaSuccess);
    on_stream([&](cudaStream_t stream) {
      for (int i = 0; i < options_.launches; ++i) {
        EXPECT_EQ(enqueue_attention({stream}, args), cudaSuccess);
      }
    });
    for (const int counter : counters.get()) EXPECT_EQ(counter, 0);
    const auto floats = workspace.get();
    for (std::size_t i = index(size); i < floats.size(); ++i) EXPECT_EQ(floats[i], 17.0F);
    return outputs(out.get());
  }

 private:
  template <class T>
  static std::size_t index(T value) {
    return static_cast<std::size_t>(value);
  }
  [[nodiscard]] int width() const { return shape_.num_heads * shape_.head_dim; }

  void add(const Chunk& chunk, std::vector<int>& free) {
    const int first_block = static_cast<int>(blocks_.size());
    const int end = chunk.position + chunk.num_rows;
    const int first_row = static_cast<int>(queries_.size()) / width();
    parts_.push_back({first_row, chunk.num_rows, chunk.position, first_block});
    for (int position = 0; position < end; ++position) {
      if (position % kPageKeys == 0) {
        blocks_.push_back(free.back());
        free.pop_back();
      }
      for (int head = 0; head < shape_.num_kv_heads; ++head) {
        Bf16* page = cache_.data() + page_index(blocks_.back(), head, shape_.num_kv_heads) *
                                         page_size(shape_.head_dim);
        for (int d = 0; d < shape_.head_dim; ++d) {
          const auto bits = [&](Operand operand) {
            return to_bf16(element(operand, chunk.generation, position, head, d));
          };
          page[key_offset(position % kPageKeys, d, shape_.head_dim)] = bits(Operand::key);
          page[value_offset(position % kPageKeys, d, shape_.head_dim)] = bits(Operand::value);
        }
      }
    }
    for (int position = chunk.position; position < end; ++position) {
      for (int i = 0; i < width(); ++i) {
        queries_.push_back(to_bf16(element(Operand::query, chunk.generation, position,
                                           i / shape_.head_dim, i % shape_.head_dim)));
      }
    }
  }

  /// Rows that stand for nothing are as they were.
  Outputs outputs(const std::vector<Bf16>& out) const {
    Outputs rows;
    const auto row_at = [&](std::int64_t row) {
      std::vector<std::uint16_t> bits;
      for (int k = 0; k < width(); ++k) {
        bits.push_back(out[index(activation_offset(row, k, width()))].bits);
      }
      return bits;
    };
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      for (int j = 0; j < chunks_[i].num_rows; ++j) {
        rows[{chunks_[i].generation, chunks_[i].position + j}] = row_at(parts_[i].first_row + j);
      }
    }
    for (int row = num_rows_; row % 8 != 0; ++row) {
      for (const std::uint16_t bits : row_at(row)) EXPECT_EQ(bits, 0xabcd);
    }
    return rows;
  }

  AttentionShape shape_;
  std::vector<Chunk> chunks_;
  AttentionOptions options_;
  int num_rows_ = 0;
  std::vector<DevicePart> parts_;
  std::vector<int> blocks_;
  std::vector<Bf16> cache_;
  std::vector<Bf16> queries_;
};

}  // namespace sluice::inference::cuda
