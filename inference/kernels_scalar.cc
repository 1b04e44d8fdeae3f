// The kernels in plain C++, four lanes at a time: for any processor, and to hold the others
// against.

#include "inference/kernels_table.h"

#include <cmath>

namespace sluice::inference {
namespace {

struct Plain {
  struct Reg {
    float lane[4];
  };
  static constexpr int kLanes = 4;

  template <class F>
  static Reg each(F function) {
    return {{function(0), function(1), function(2), function(3)}};
  }

  static float widen(float value) { return value; }
  static float widen(std::uint16_t bits) { return from_bf16(bits); }

  static Reg zero() { return {}; }
  static Reg broadcast(float value) { return {{value, value, value, value}}; }

  template <class T>
  static Reg load(const T* from) {
    return each([&](int i) { return widen(from[i]); });
  }
  template <class T>
  static Reg load_tail(const T* from, std::int64_t n) {
    return each([&](int i) { return i < n ? widen(from[i]) : 0.0F; });
  }
  static void store(float* to, Reg v) {
    for (int i = 0; i < kLanes; ++i) to[i] = v.lane[i];
  }
  static void store_tail(float* to, std::int64_t n, Reg v) {
    for (int i = 0; i < n; ++i) to[i] = v.lane[i];
  }

  static Reg add(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Reg sub(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static Reg mul(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Reg div(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static Reg fma(Reg a, Reg b, Reg c) { return add(mul(a, b), c); }
  static Reg max(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg min(Reg a, Reg b) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Reg round(Reg a) {
    return each([&](int i) { return std::nearbyint(a.lane[i]); });
  }
  static Reg times_power_of_2(Reg a, Reg n) {
    return each([&](int i) { return std::ldexp(a.lane[i], static_cast<int>(n.lane[i])); });
  }
  static float sum(Reg v) { return (v.lane[0] + v.lane[1]) + (v.lane[2] + v.lane[3]); }
  static float largest(Reg v) {
    const Reg m = max(v, {{v.lane[2], v.lane[3], v.lane[2], v.lane[3]}});
    return m.lane[0] > m.lane[1] ? m.lane[0] : m.lane[1];
  }
  static void sum4(const Reg* sums, float* out) {
    for (int i = 0; i < 4; ++i) out[i] = sum(sums[i]);
  }
};

/// One output: row `row` of a panel, with a row of activations.
float int8_dot(const Int8Panel& panel, std::int64_t row, const Int8Row& x, std::int64_t groups) {
  float total = 0;
  for (std::int64_t g = 0; g < groups; ++g) {
    const float scale = from_bf16(panel.scales[g * kInt8PanelRows + row]) * x.scales[g];
    const std::uint8_t* weights = panel.weights + g * kInt8GroupBytes + row * 4;
    std::int32_t sum = x.corrections[g];
    for (std::int64_t k = 0; k < kInt8Group; ++k) {
      const std::int32_t value = x.high[g * kInt8Group + k] * 256 + x.low[g * kInt8Group + k];
      sum += weights[k / 4 * kInt8PanelRows * 4 + k % 4] * value;
    }
    total += static_cast<float>(sum) * scale;
  }
  return total;
}

void multiply_int8(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                   const std::byte* x, std::int64_t num_x, const Products& out) {
  const std::int64_t groups = int8_groups(matrix.columns);
  for (std::int64_t r = first; r < last; ++r) {
    const Int8Panel panel = int8_panel(matrix.data, matrix.columns, r / kInt8PanelRows);
    for (std::int64_t i = 0; i < num_x; ++i) {
      const Int8Row row = int8_row(x + i * int8_packed_bytes(matrix.columns), matrix.columns);
      float& to = out.data[i * out.stride + r];
      const float product = int8_dot(panel, r % kInt8PanelRows, row, groups);
      to = out.add ? to + product : product;
    }
  }
}

}  // namespace

const Kernels& scalar_kernels() noexcept {
  static constexpr Kernels kernels =
      make_kernels<Plain>("scalar", dot_kernels<FloatDot<Plain, float, 2>>(),
                          dot_kernels<FloatDot<Plain, std::uint16_t, 2>>(),
                          {&int8_packed_bytes, &Int8Inputs<Plain>::pack, &multiply_int8});
  return kernels;
}

}  // namespace sluice::inference
