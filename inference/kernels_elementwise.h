#pragma once

#include <cstdint>

// What is done to single rows, for kernels_*.cc. `V` is a struct of the including file's unnamed
// namespace: a vector of kLanes floats and what can be done to it. Sums run over the lanes' columns
// in ascending order, then over the lanes in one fixed tree.

namespace sluice::inference {

/// e^x, |relative error| < 3e-7: x = n ln 2 + r, and e^r by its series to r^7. Ends at e^-87, e^88.
template <class V>
typename V::Reg exp(typename V::Reg x) {
  using Reg = typename V::Reg;
  x = V::min(V::broadcast(88.0F), V::max(V::broadcast(-87.0F), x));
  const Reg n = V::round(V::mul(x, V::broadcast(1.44269504F)));
  Reg r = V::fma(n, V::broadcast(-0.693359375F), x);  // ln 2 in two parts.
  r = V::fma(n, V::broadcast(2.12194440e-4F), r);
  Reg sum = V::broadcast(1.0F / 5040);
  for (const float factor : {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 0.5F, 1.0F, 1.0F}) {
    sum = V::fma(sum, r, V::broadcast(factor));
  }
  return V::times_power_of_2(sum, n);
}

template <class V>
void rms_norm(const float* x, const float* weight, std::int64_t n, float eps, float* out) {
  using Reg = typename V::Reg;
  Reg squares = V::zero();
  std::int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    const Reg part = V::load(x + i);
    squares = V::fma(part, part, squares);
  }
  if (i < n) {
    const Reg part = V::load_tail(x + i, n - i);
    squares = V::fma(part, part, squares);
  }
  const float mean = V::sum(squares) / static_cast<float>(n);
  const Reg factor = V::broadcast(1.0F / __builtin_sqrtf(mean + eps));
  for (i = 0; i + V::kLanes <= n; i += V::kLanes) {
    V::store(out + i, V::mul(V::mul(V::load(x + i), factor), V::load(weight + i)));
  }
  if (i < n) {
    const Reg part = V::mul(V::load_tail(x + i, n - i), factor);
    V::store_tail(out + i, n - i, V::mul(part, V::load_tail(weight + i, n - i)));
  }
}

template <class V>
void rotate(float* x, const float* cos, const float* sin, std::int64_t half) {
  using Reg = typename V::Reg;
  std::int64_t i = 0;
  for (; i + V::kLanes <= half; i += V::kLanes) {
    const Reg a = V::load(x + i);
    const Reg b = V::load(x + half + i);
    const Reg c = V::load(cos + i);
    const Reg s = V::load(sin + i);
    V::store(x + i, V::sub(V::mul(a, c), V::mul(b, s)));
    V::store(x + half + i, V::fma(b, c, V::mul(a, s)));
  }
  for (; i < half; ++i) {
    const float a = x[i];
    const float b = x[half + i];
    x[i] = a * cos[i] - b * sin[i];
    x[half + i] = b * cos[i] + a * sin[i];
  }
}

template <class V>
typename V::Reg swiglu(typename V::Reg gate, typename V::Reg up) {
  const auto one = V::broadcast(1.0F);
  const auto e = exp<V>(V::sub(V::zero(), gate));
  return V::mul(V::div(gate, V::add(one, e)), up);
}

template <class V>
void swiglu_row(float* gate, const float* up, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) {
    V::store(gate + i, swiglu<V>(V::load(gate + i), V::load(up + i)));
  }
  if (i < n) {
    const auto part = swiglu<V>(V::load_tail(gate + i, n - i), V::load_tail(up + i, n - i));
    V::store_tail(gate + i, n - i, part);
  }
}

template <class V>
void softmax(float* x, std::int64_t n) {
  using Reg = typename V::Reg;
  float largest = x[0];
  std::int64_t i = 0;
  if (n >= V::kLanes) {
    Reg lanes = V::load(x);
    for (; i + V::kLanes <= n; i += V::kLanes) lanes = V::max(lanes, V::load(x + i));
    largest = V::largest(lanes);
  }
  for (; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  const Reg shift = V::broadcast(-largest);
  Reg sums = V::zero();
  for (i = 0; i + V::kLanes <= n; i += V::kLanes) {
    const Reg part = exp<V>(V::add(V::load(x + i), shift));
    sums = V::add(sums, part);
    V::store(x + i, part);
  }
  if (i < n) {
    V::store_tail(x + i, n - i, exp<V>(V::add(V::load_tail(x + i, n - i), shift)));
    sums = V::add(sums, V::load_tail(x + i, n - i));  // Zeros beyond the end.
  }
  const float factor = 1.0F / V::sum(sums);
  for (i = 0; i + V::kLanes <= n; i += V::kLanes) {
    V::store(x + i, V::mul(V::load(x + i), V::broadcast(factor)));
  }
  for (; i < n; ++i) x[i] *= factor;
}

}  // namespace sluice::inference
