#include "inference/kernels.h"

#include <string>

namespace sluice::inference {
namespace {

bool has_avx2() noexcept {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
}

bool has_avx512() noexcept {
  return has_avx2() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
         __builtin_cpu_supports("avx512dq") != 0;
}

}  // namespace

std::string_view to_string(Isa isa) noexcept {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      break;
  }
  return "avx512";
}

Isa best_isa() noexcept {
  if (has_avx512()) return Isa::avx512;
  return has_avx2() ? Isa::avx2 : Isa::scalar;
}

Result<const Kernels*> kernels_for(std::optional<Isa> isa) {
  const Isa best = best_isa();
  const Isa chosen = isa.value_or(best);
  if (chosen > best) {
    return fail(Errc::invalid_argument, "this processor has no " + std::string(to_string(chosen)) +
                                            "; the best it has is " + std::string(to_string(best)));
  }
  switch (chosen) {
    case Isa::scalar:
      return &scalar_kernels();
    case Isa::avx2:
      return &avx2_kernels();
    case Isa::avx512:
      break;
  }
  return &avx512_kernels(__builtin_cpu_supports("avx512bf16") != 0,
                         __builtin_cpu_supports("avx512vnni") != 0);
}

}  // namespace sluice::inference
