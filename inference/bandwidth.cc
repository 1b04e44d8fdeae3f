#include "inference/bandwidth.h"

#include <immintrin.h>

#include <chrono>
#include <cstring>

namespace sluice::inference {
namespace {

__attribute__((target("avx2"))) void read_wide(const std::byte* data, std::int64_t size) {
  __m256i sum[4] = {};
  for (std::int64_t i = 0; i + 256 <= size; i += 256) {
    for (int j = 0; j < 8; ++j) {
      const auto* from = reinterpret_cast<const __m256i*>(data + i + j * 32);
      sum[j % 4] = _mm256_xor_si256(sum[j % 4], _mm256_loadu_si256(from));
      if (j % 2 == 0) __builtin_prefetch(data + i + j * 32 + 4096);
    }
  }
  const __m256i all =
      _mm256_xor_si256(_mm256_xor_si256(sum[0], sum[1]), _mm256_xor_si256(sum[2], sum[3]));
  __asm__ volatile("" : : "x"(all));
}

void read_words(const std::byte* data, std::int64_t size) {
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof word);
    sum ^= word;
  }
  __asm__ volatile("" : : "r"(sum));
}

}  // namespace

double read_seconds(ThreadPool& pool, const std::byte* data, std::int64_t size) {
  const auto read = __builtin_cpu_supports("avx2") != 0 ? &read_wide : &read_words;
  const auto start = std::chrono::steady_clock::now();
  pool.run([&](int thread) {
    const Share share = share_of(size, 4096, thread, pool.size());
    read(data + share.first, share.last - share.first);
  });
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace sluice::inference
