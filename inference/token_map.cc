#include "inference/token_map.h"

#include "inference/assert.h"

#include <bit>
#include <cstring>

namespace sluice::inference {
namespace {

/// Eight bytes at a time, multiplied and folded.
std::uint64_t hash_of(std::string_view bytes) noexcept {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = bytes.size() * kOdd;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 32;
  };
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    mix(word);
    bytes.remove_prefix(8);
  }
  std::uint64_t word = 0;
  for (const char c : bytes) word = word << 8 | static_cast<unsigned char>(c);
  mix(word);
  return hash;
}

}  // namespace

TokenMap::TokenMap(std::size_t count) : slots_(std::bit_ceil(2 * count + 1)) {}

std::size_t TokenMap::index_of(std::string_view bytes, std::uint64_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.id < 0) return at;
    if (slot.tag == tag && std::string_view(slot.data, slot.size) == bytes) return at;
  }
}

bool TokenMap::add(std::string_view bytes, TokenId id) {
  INFERENCE_ASSERT(id >= 0 && 2 * count_ < slots_.size());
  const std::uint64_t hash = hash_of(bytes);
  Slot& slot = slots_[index_of(bytes, hash)];
  if (slot.id >= 0) return false;
  slot = {static_cast<std::uint32_t>(hash >> 32), id, bytes.data(), bytes.size()};
  ++count_;
  return true;
}

TokenId TokenMap::find(std::string_view bytes) const noexcept {
  return slots_[index_of(bytes, hash_of(bytes))].id;
}

}  // namespace sluice::inference
