#pragma once

#include "inference/token_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inference {

/// One of a few texts of letters.
class ChoiceMask final : public TokenMask {
 public:
  explicit ChoiceMask(std::vector<std::string> choices) : choices_(std::move(choices)) {}

  void allowed(std::span<std::uint64_t> bits) override {
    std::ranges::fill(bits, 0);
    for (const std::string& choice : choices_) {
      if (done_.size() >= choice.size() || !choice.starts_with(done_)) continue;
      if (std::ssize(choice) - std::ssize(done_) > tokens_left_) continue;
      bits[0] |= std::uint64_t{1} << (choice[done_.size()] - 'a');
    }
  }
  void hurry(std::int64_t tokens_left) override { tokens_left_ = tokens_left; }
  void accept(TokenId id) override {
    done_ += static_cast<char>('a' + id);
    --tokens_left_;
    EXPECT_TRUE(std::ranges::any_of(choices_, [&](auto& c) { return c.starts_with(done_); }));
  }
  [[nodiscard]] bool is_complete() const override {
    return std::ranges::find(choices_, done_) != choices_.end();
  }

 private:
  std::vector<std::string> choices_;
  std::string done_;
  std::int64_t tokens_left_ = 1 << 20;
};

}  // namespace sluice::inference
