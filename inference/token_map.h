#pragma once

#include "inference/token.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// Bytes to token id, for lookups that mostly hit. The bytes are the caller's and stay where they
/// are. Read by any number of threads once it is filled.
class TokenMap {
 public:
  /// Makes room for `count` tokens.
  explicit TokenMap(std::size_t count = 0);

  /// False where these bytes have an id already.
  [[nodiscard]] bool add(std::string_view bytes, TokenId id);

  /// -1: no such token.
  [[nodiscard]] TokenId find(std::string_view bytes) const noexcept;

 private:
  struct Slot {
    std::uint32_t tag = 0;  // Of the hash, so that a miss does not read the bytes.
    TokenId id = -1;
    const char* data = nullptr;
    std::size_t size = 0;
  };

  [[nodiscard]] std::size_t index_of(std::string_view bytes, std::uint64_t hash) const noexcept;

  std::vector<Slot> slots_;  // Open addressing; a power of two, at most half full.
  std::size_t count_ = 0;
};

}  // namespace sluice::inference
