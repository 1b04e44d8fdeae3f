#pragma once

#include "inference/token.h"

#include <cstdint>
#include <span>

namespace sluice::inference {

/// Which tokens may come next, so that the text becomes what was asked for. The state of one
/// generation; used by one thread.
class TokenMask {
 public:
  virtual ~TokenMask() = default;

  /// Sets bit (id % 64) of word (id / 64) for each text token that may come next and clears every
  /// other bit. Control tokens, eos among them, are never set: is_complete() says whether the text
  /// may end here. At least one bit is set, or is_complete() holds.
  virtual void allowed(std::span<std::uint64_t> bits) = 0;

  /// At most so many tokens are still to come, one that ends the generation not counted: from here
  /// on a mask that can leaves out what could not become whole in time.
  virtual void hurry(std::int64_t tokens_left) { static_cast<void>(tokens_left); }

  /// So many tokens complete the text from here on, where that is known; else 0.
  [[nodiscard]] virtual std::int64_t min_tokens() const { return 0; }

  /// `id` came next; it was allowed.
  virtual void accept(TokenId id) = 0;

  /// The text so far is whole.
  [[nodiscard]] virtual bool is_complete() const = 0;
};

}  // namespace sluice::inference
