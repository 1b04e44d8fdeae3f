// The kernels with AVX-512 (F, BW, VL, DQ), and with its bf16 and VNNI instructions where the
// processor has them. As in kernels_avx2.cc, nothing of the standard library is called here.

#include "inference/kernels_table.h"

#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // g++ 12's own immintrin.h.
#endif

namespace sluice::inference {
namespace {

struct Avx512 {
  using Reg = __m512;
  static constexpr int kLanes = 16;

  static __mmask16 first(std::int64_t n) { return static_cast<__mmask16>((1U << n) - 1); }
  static Reg widen(__m256i bits) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg broadcast(float value) { return _mm512_set1_ps(value); }
  static Reg load(const float* from) { return _mm512_loadu_ps(from); }
  static Reg load(const std::uint16_t* from) {
    return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static Reg load_tail(const float* from, std::int64_t n) {
    return _mm512_maskz_loadu_ps(first(n), from);
  }
  static Reg load_tail(const std::uint16_t* from, std::int64_t n) {
    return widen(_mm256_maskz_loadu_epi16(first(n), from));
  }
  static void store(float* to, Reg v) { _mm512_storeu_ps(to, v); }
  static void store_tail(float* to, std::int64_t n, Reg v) {
    _mm512_mask_storeu_ps(to, first(n), v);
  }

  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg round(Reg a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg times_power_of_2(Reg a, Reg n) { return _mm512_scalef_ps(a, n); }
  static __m128 quarters(Reg v) {
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  }
  static float sum(Reg v) {
    const __m128 pairs = _mm_hadd_ps(quarters(v), quarters(v));
    return _mm_cvtss_f32(_mm_hadd_ps(pairs, pairs));
  }
  static float largest(Reg v) { return _mm512_reduce_max_ps(v); }
  static void sum4(const Reg* s, float* out) {
    const __m128 low = _mm_hadd_ps(quarters(s[0]), quarters(s[1]));
    _mm_storeu_ps(out, _mm_hadd_ps(low, _mm_hadd_ps(quarters(s[2]), quarters(s[3]))));
  }
};

/// bf16 weights with activations rounded to bf16. The instruction adds two products to each lane,
/// rounds once, and takes denormals for 0.
struct Bf16Dot {
  using Weight = std::uint16_t;
  using Input = std::uint16_t;
  using Reg = __m512;
  static constexpr std::int64_t kStep = 32;
  static constexpr int kInputs = 6;

  static std::int64_t packed_bytes(std::int64_t columns) { return (columns * 2 + 63) / 64 * 64; }

  static void pack(const float* x, std::int64_t columns, std::byte* out) {
    for (std::int64_t i = 0; i < packed_bytes(columns) / 2; i += 16) {
      const std::int64_t rest = columns - i;
      const Reg part = rest >= 16 ? Avx512::load(x + i)
                       : rest > 0 ? Avx512::load_tail(x + i, rest)
                                  : Avx512::zero();
      const __m256bh bits = _mm512_cvtneps_pbh(part);
      __builtin_memcpy(out + i * 2, &bits, sizeof bits);
    }
  }

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg weights(const Weight* from) { return _mm512_loadu_ps(from); }
  static Reg weights_tail(const Weight* from, std::int64_t n) {
    const auto mask = static_cast<__mmask32>((1ULL << n) - 1);
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(mask, from));
  }
  static Reg inputs(const Input* from) { return _mm512_loadu_ps(from); }
  static Reg step(Reg weight, Reg input, Reg sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(weight),
                            reinterpret_cast<__m512bh>(input));
  }
  static void sum4(const Reg* sums, float* out) { Avx512::sum4(sums, out); }
};

constexpr int kInt8Inputs = 3;  // Rows of activations in one tile.

__m512i broadcast4(const std::int8_t* from) {
  std::int32_t four = 0;
  __builtin_memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
}

/// The next of the bytes that will be needed soon.
struct Ahead {
  const std::byte* at;
  std::int64_t step;  // For each 64 bytes that are read now.

  void ask() {
    __builtin_prefetch(at);
    at += step;
  }
};

/// The products of P panels, `distance` bytes apart, with X rows of activations.
template <int P, int X>
void int8_tile(Int8Panel panel, std::int64_t distance, std::int64_t groups, const Int8Row* rows,
               Ahead& ahead, __m512 (&totals)[X][P]) {
#pragma GCC unroll 8
  for (int i = 0; i < X * P; ++i) totals[i / P][i % P] = _mm512_setzero_ps();
  for (std::int64_t g = 0; g < groups; ++g) {
    __m512i high[X][P];
    __m512i low[X][P];
#pragma GCC unroll 8
    for (int i = 0; i < X * P; ++i) {
      high[i / P][i % P] = _mm512_setzero_si512();
      low[i / P][i % P] = _mm512_set1_epi32(rows[i / P].corrections[g]);
    }
    for (std::int64_t k = 0; k < kInt8Group / 4; ++k) {
      __m512i weights[P];
#pragma GCC unroll 2
      for (int p = 0; p < P; ++p) {
        weights[p] = _mm512_loadu_si512(panel.weights + p * distance + k * 64);
        ahead.ask();
      }
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        const __m512i a = broadcast4(rows[x].high + g * kInt8Group + k * 4);
        const __m512i b = broadcast4(rows[x].low + g * kInt8Group + k * 4);
#pragma GCC unroll 2
        for (int p = 0; p < P; ++p) {
          high[x][p] = _mm512_dpbusd_epi32(high[x][p], weights[p], a);
          low[x][p] = _mm512_dpbusd_epi32(low[x][p], weights[p], b);
        }
      }
    }
#pragma GCC unroll 2
    for (int p = 0; p < P; ++p) {
      const __m512 scales = Avx512::load(panel.scales + p * distance / 2);
#pragma GCC unroll 8
      for (int x = 0; x < X; ++x) {
        const __m512i sum = _mm512_add_epi32(_mm512_slli_epi32(high[x][p], 8), low[x][p]);
        const __m512 factor = _mm512_mul_ps(scales, _mm512_set1_ps(rows[x].scales[g]));
        totals[x][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), factor, totals[x][p]);
      }
    }
    panel.scales += kInt8PanelRows;
    panel.weights += kInt8GroupBytes;
  }
}

struct Int8Block {
  Int8Panel panel;
  std::int64_t distance;  // From panel to panel.
  std::int64_t groups;
  std::int64_t row;       // The first.
  std::int64_t num_rows;  // That exist, of P * 16.
  Ahead ahead;
};

template <int P, int X>
void int8_block(Int8Block& block, const std::byte* x, std::int64_t columns, const Products& out,
                std::int64_t first_x) {
  Int8Row rows[X];
  for (int i = 0; i < X; ++i) rows[i] = int8_row(x + i * int8_packed_bytes(columns), columns);
  __m512 totals[X][P];
  int8_tile<P, X>(block.panel, block.distance, block.groups, rows, block.ahead, totals);
  for (int i = 0; i < X; ++i) {
    for (int p = 0; p < P; ++p) {
      const std::int64_t rest = block.num_rows - p * kInt8PanelRows;
      const __mmask16 mask = Avx512::first(rest < 16 ? rest : 16);
      float* to = out.data + (first_x + i) * out.stride + block.row + p * kInt8PanelRows;
      const __m512 before = out.add ? _mm512_maskz_loadu_ps(mask, to) : _mm512_setzero_ps();
      _mm512_mask_storeu_ps(to, mask, _mm512_add_ps(before, totals[i][p]));
    }
  }
}

template <int P, int X = kInt8Inputs>
void int8_inputs(Int8Block& block, const std::byte* x, std::int64_t num_x, std::int64_t columns,
                 const Products& out, std::int64_t first_x) {
  if constexpr (X > 1) {
    if (num_x < X) return int8_inputs<P, X - 1>(block, x, num_x, columns, out, first_x);
  }
  int8_block<P, X>(block, x, columns, out, first_x);
}

/// P panels a pass; the passes over them ask, together, for the panels that come next.
template <int P>
void multiply_panels(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                     const std::byte* x, std::int64_t num_x, const Products& out) {
  Int8Block block{};
  block.groups = int8_groups(matrix.columns);
  block.distance = int8_panel_bytes(matrix.columns);
  const std::int64_t packed = int8_packed_bytes(matrix.columns);
  const std::int64_t passes = (num_x + kInt8Inputs - 1) / kInt8Inputs;
  for (std::int64_t row = first; row < last; row += P * kInt8PanelRows) {
    const std::byte* data = matrix.data + row / kInt8PanelRows * block.distance;
    block.panel = int8_panel(data, matrix.columns, 0);
    block.row = row;
    block.num_rows = last - row < P * kInt8PanelRows ? last - row : P * kInt8PanelRows;
    block.ahead = {data + P * block.distance, (64 + passes - 1) / passes};
    // One panel is one stream: then what comes 4 KiB on is enough.
    if (P == 1) block.ahead = {reinterpret_cast<const std::byte*>(block.panel.weights) + 4096, 64};
    for (std::int64_t i = 0; i < num_x; i += kInt8Inputs) {
      if (block.num_rows > kInt8PanelRows) {
        int8_inputs<P>(block, x + i * packed, num_x - i, matrix.columns, out, i);
      } else {
        int8_inputs<1>(block, x + i * packed, num_x - i, matrix.columns, out, i);
      }
    }
  }
}

void multiply_int8(const MatrixView& matrix, std::int64_t first, std::int64_t last,
                   const std::byte* x, std::int64_t num_x, const Products& out) {
  return num_x == 1 ? multiply_panels<1>(matrix, first, last, x, num_x, out)
                    : multiply_panels<2>(matrix, first, last, x, num_x, out);
}

Kernels with_features(bool has_bf16, bool has_vnni) noexcept {
  constexpr std::string_view kNames[] = {"avx512", "avx512_bf16", "avx512_vnni",
                                         "avx512_bf16_vnni"};
  return make_kernels<Avx512>(
      kNames[(has_bf16 ? 1 : 0) + (has_vnni ? 2 : 0)], dot_kernels<FloatDot<Avx512, float, 4>>(),
      has_bf16 ? dot_kernels<Bf16Dot>() : dot_kernels<FloatDot<Avx512, std::uint16_t, 4>>(),
      {&int8_packed_bytes, &Int8Inputs<Avx512>::pack,
       has_vnni ? &multiply_int8 : &multiply_int8_avx2});
}

}  // namespace

const Kernels& avx512_kernels(bool has_bf16, bool has_vnni) noexcept {
  static const Kernels kernels[] = {with_features(false, false), with_features(true, false),
                                    with_features(false, true), with_features(true, true)};
  return kernels[(has_bf16 ? 1 : 0) + (has_vnni ? 2 : 0)];
}

}  // namespace sluice::inference
