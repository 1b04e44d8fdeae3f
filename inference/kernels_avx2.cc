// The kernels with AVX2, FMA and F16C: compiled for them, and run where the processor has them.
// No function of the standard library is called here that is not a builtin: the linker might take
// its copy from this file for a processor that lacks the instructions.

#include "inference/kernels_table.h"

#include <immintrin.h>

namespace sluice::inference {
namespace {

struct Avx2 {
  using Reg = __m256;
  static constexpr int kLanes = 8;

  static Reg zero() { return _mm256_setzero_ps(); }
  static Reg broadcast(float value) { return _mm256_set1_ps(value); }
  static Reg load(const float* from) { return _mm256_loadu_ps(from); }
  static Reg load(const std::uint16_t* from) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
  template <class T>
  static Reg load_tail(const T* from, std::int64_t n) {
    T part[kLanes] = {};
    __builtin_memcpy(part, from, static_cast<std::size_t>(n) * sizeof(T));
    return load(part);
  }
  static void store(float* to, Reg v) { _mm256_storeu_ps(to, v); }
  static void store_tail(float* to, std::int64_t n, Reg v) {
    float part[kLanes];
    store(part, v);
    __builtin_memcpy(to, part, static_cast<std::size_t>(n) * sizeof(float));
  }

  static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static Reg round(Reg a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg times_power_of_2(Reg a, Reg n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
  }
  static __m128 halves(Reg v) {
    return _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  }
  static float sum(Reg v) {
    const __m128 pairs = _mm_hadd_ps(halves(v), halves(v));
    return _mm_cvtss_f32(_mm_hadd_ps(pairs, pairs));
  }
  static float largest(Reg v) {
    __m128 m = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
  }
  static void sum4(const Reg* s, float* out) {
    const __m128 low = _mm_hadd_ps(halves(s[0]), halves(s[1]));
    _mm_storeu_ps(out, _mm_hadd_ps(low, _mm_hadd_ps(halves(s[2]), halves(s[3]))));
  }
};

/// The sums of one group for the 16 rows of a panel, as two registers of 8.
void group_sums(const std::uint8_t* weights, const std::int8_t* x, __m256i* low, __m256i* high) {
  __m256i sums[4];  // Of 4 rows each, two sums a row.
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) sums[i] = _mm256_setzero_si256();
  for (std::int64_t k = 0; k < kInt8Group / 4; ++k) {
    std::int32_t four = 0;
    __builtin_memcpy(&four, x + k * 4, sizeof four);
    const __m256i input = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const auto* from = reinterpret_cast<const __m128i*>(weights + k * 64 + i * 16);
      const __m256i row = _mm256_cvtepu8_epi16(_mm_loadu_si128(from));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(row, input));
    }
  }
  constexpr int kOrder = 0xd8;  // Rows 0 1 4 5 2 3 6 7 -> 0 .. 7.
  *low = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[0], sums[1]), kOrder);
  *high = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sums[2], sums[3]), kOrder);
}

/// The products of one panel and one row of activations.
void panel_products(const Int8Panel& panel, std::int64_t groups, const Int8Row& x, float* out) {
  __m256 totals[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::uint16_t* scales = panel.scales + g * kInt8PanelRows;
    const std::uint8_t* weights = panel.weights + g * kInt8GroupBytes;
    __m256i high[2];
    __m256i low[2];
    group_sums(weights, x.high + g * kInt8Group, &high[0], &high[1]);
    group_sums(weights, x.low + g * kInt8Group, &low[0], &low[1]);
    const __m256 scale = _mm256_set1_ps(x.scales[g]);
    const __m256i correction = _mm256_set1_epi32(x.corrections[g]);
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high[i], 8), low[i]);
      const __m256 factor = _mm256_mul_ps(Avx2::load(scales + i * 8), scale);
      const __m256 exact = _mm256_cvtepi32_ps(_mm256_add_epi32(sum, correction));
      totals[i] = _mm256_fmadd_ps(exact, factor, totals[i]);
    }
  }
  _mm256_storeu_ps(out, totals[0]);
  _mm256_storeu_ps(out + 8, totals[1]);
}

}  // namespace

void multiply_int8_avx2(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                        const std::byte* x, std::int64_t num_x, const Products& out) {
  const std::int64_t groups = int8_groups(matrix.columns);
  const std::int64_t packed = int8_packed_bytes(matrix.columns);
  for (std::int64_t row = first; row < last; row += kInt8PanelRows) {
    const Int8Panel panel = int8_panel(matrix.data, matrix.columns, row / kInt8PanelRows);
    const std::int64_t rows = last - row < kInt8PanelRows ? last - row : kInt8PanelRows;
    for (std::int64_t i = 0; i < num_x; ++i) {
      float products[kInt8PanelRows];
      panel_products(panel, groups, int8_row(x + i * packed, matrix.columns), products);
      float* to = out.data + i * out.stride + row;
      for (std::int64_t r = 0; r < rows; ++r) to[r] = out.add ? to[r] + products[r] : products[r];
    }
  }
}

const Kernels& avx2_kernels() noexcept {
  static constexpr Kernels kernels =
      make_kernels<Avx2>("avx2", dot_kernels<FloatDot<Avx2, float, 2>>(),
                         dot_kernels<FloatDot<Avx2, std::uint16_t, 2>>(),
                         {&int8_packed_bytes, &Int8Inputs<Avx2>::pack, &multiply_int8_avx2});
  return kernels;
}

}  // namespace sluice::inference
