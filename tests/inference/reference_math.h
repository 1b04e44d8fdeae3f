#pragma once

#include "inference/cpu_model.h"

#include <cstdint>
#include <vector>

namespace sluice::inference {

/// Matrices in double, for the reference forward pass of the tests.
using Row = std::vector<double>;
using Rows = std::vector<Row>;  // One of each token.

inline Row row_of(const TensorView& tensor, std::int64_t row) {
  const std::int64_t columns = tensor.shape.back();
  std::vector<float> values(static_cast<std::size_t>(columns));
  read_floats(tensor, row * columns, columns, values.data());
  return {values.begin(), values.end()};
}

inline void add(Rows& x, const Rows& y) {
  for (std::size_t t = 0; t < x.size(); ++t) {
    for (std::size_t i = 0; i < x[t].size(); ++i) x[t][i] += y[t][i];
  }
}

inline Rows product(const TensorView& matrix, const Rows& x) {
  Rows out(x.size());
  for (std::int64_t r = 0; r < matrix.shape[0]; ++r) {
    const Row weights = row_of(matrix, r);
    for (std::size_t t = 0; t < x.size(); ++t) {
      double sum = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * x[t][i];
      out[t].push_back(sum);
    }
  }
  return out;
}

}  // namespace sluice::inference
