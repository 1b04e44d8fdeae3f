#include "base/uuid.h"

#include <array>
#include <bit>
#include <cstddef>
#include <random>
#include <string_view>

namespace sluice {
namespace {

/// xoshiro256** 1.0 (Blackman, Vigna 2018): 256 bits of state, so that the ids of many processes do
/// not meet.
class Generator {
 public:
  Generator() {
    std::random_device system;
    for (std::uint64_t& word : state_) word = std::uint64_t{system()} << 32 | system();
    state_[0] |= 1;  // Never all zero.
  }

  std::uint64_t next() noexcept {
    const std::uint64_t value = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return value;
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace

std::string format_uuid(std::uint64_t high, std::uint64_t low) {
  high = (high & ~std::uint64_t{0xf000}) | 0x4000;                     // Version 4.
  low = (low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{1} << 63);  // RFC 4122 variant.
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t digit = 0;
  for (char& c : text) {
    const std::size_t at = static_cast<std::size_t>(&c - text.data());
    if (at == 8 || at == 13 || at == 18 || at == 23) continue;
    const std::uint64_t word = digit < 16 ? high : low;
    c = kHex[word >> (60 - digit % 16 * 4) & 0xf];
    ++digit;
  }
  return text;
}

std::string new_uuid() {
  thread_local Generator generator;
  const std::uint64_t high = generator.next();
  return format_uuid(high, generator.next());
}

}  // namespace sluice
