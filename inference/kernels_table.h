#pragma once

#include "inference/bf16.h"
#include "inference/int8_matrix.h"
#include "inference/kernels.h"
#include "inference/kernels_attention.h"
#include "inference/kernels_dot.h"
#include "inference/kernels_elementwise.h"

// What kernels_*.cc have in common: the table, and packing. V as in kernels_elementwise.h; all of
// it is a template of V, and so is apart in the linker's eyes.

namespace sluice::inference {

/// Activations as they are, zeros up to the next 64 bytes.
template <class V>
struct FloatInputs {
  static std::int64_t packed_bytes(std::int64_t columns) { return (columns * 4 + 63) / 64 * 64; }

  static void pack(const float* x, std::int64_t columns, std::byte* out) {
    auto* to = reinterpret_cast<float*>(out);
    __builtin_memcpy(to, x, static_cast<std::size_t>(columns) * sizeof(float));
    const std::int64_t padded = packed_bytes(columns) / 4;
    for (std::int64_t i = columns; i < padded; ++i) to[i] = 0;
  }
};

/// Weights of type W (float, or std::uint16_t for bf16) with fp32 activations.
template <class V, class W, int kMaxInputs>
struct FloatDot : FloatInputs<V> {
  using Weight = W;
  using Input = float;
  using Reg = typename V::Reg;
  static constexpr std::int64_t kStep = V::kLanes;
  static constexpr int kInputs = kMaxInputs;

  static Reg zero() { return V::zero(); }
  static Reg weights(const W* from) { return V::load(from); }
  static Reg weights_tail(const W* from, std::int64_t n) { return V::load_tail(from, n); }
  static Reg inputs(const float* from) { return V::load(from); }
  static Reg step(Reg weight, Reg input, Reg sum) { return V::fma(weight, input, sum); }
  static void sum4(const Reg* sums, float* out) { V::sum4(sums, out); }
};

template <class V>
struct Int8Inputs {
  static void pack(const float* x, std::int64_t columns, std::byte* out) {
    const std::int64_t groups = int8_groups(columns);
    const std::int64_t padded = groups * kInt8Group;
    auto* values = reinterpret_cast<std::int8_t*>(out);
    auto* scales = reinterpret_cast<float*>(out + 2 * padded);
    auto* corrections = reinterpret_cast<std::int32_t*>(scales + groups);
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t first = g * kInt8Group;
      const std::int64_t n = columns - first < kInt8Group ? columns - first : kInt8Group;
      float part[kInt8Group] = {};
      __builtin_memcpy(part, x + first, static_cast<std::size_t>(n) * sizeof(float));
      auto largest = V::zero();
      for (std::int64_t i = 0; i < kInt8Group; i += V::kLanes) {
        const auto v = V::load(part + i);
        largest = V::max(largest, V::max(v, V::sub(V::zero(), v)));
      }
      const float most = V::largest(largest);
      scales[g] = most / (127.0F * 256.0F);
      const auto inverse = V::broadcast(most > 0 ? 127.0F / most : 0.0F);
      float rest[kInt8Group];
      for (std::int64_t i = 0; i < kInt8Group; i += V::kLanes) {
        const auto scaled = V::mul(V::load(part + i), inverse);
        const auto whole = V::round(scaled);
        V::store(part + i, whole);
        const auto below = V::round(V::mul(V::sub(scaled, whole), V::broadcast(256.0F)));
        V::store(rest + i, V::min(V::broadcast(127.0F), below));
      }
      const std::int32_t sum = 256 * put(part, values + first);
      corrections[g] = -128 * (sum + put(rest, values + padded + first));
    }
  }

 private:
  /// Whole numbers of a group as int8; their sum.
  static std::int32_t put(const float* from, std::int8_t* to) {
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < kInt8Group; ++i) {
      const auto value = static_cast<std::int32_t>(from[i]);
      to[i] = static_cast<std::int8_t>(value);
      sum += value;
    }
    return sum;
  }
};

template <class Op>
constexpr MatrixKernels dot_kernels() {
  return {&Op::packed_bytes, &Op::pack, &multiply_rows<Op>};
}

template <class V>
constexpr Kernels make_kernels(std::string_view name, const MatrixKernels& f32,
                               const MatrixKernels& bf16, const MatrixKernels& int8) {
  return {name,
          f32,
          bf16,
          int8,
          {&attention_scores<V, float>, &attention_values<V, float>},
          {&attention_scores<V, std::uint16_t>, &attention_values<V, std::uint16_t>},
          &rms_norm<V>,
          &rotate<V>,
          &swiglu_row<V>,
          &softmax<V>};
}

}  // namespace sluice::inference
