#pragma once

#include "tests/inference/fake_backend.h"
#include "tests/inference/fake_step_runner.h"

#include <gtest/gtest.h>

#include <memory>

namespace sluice::inference {

/// A FakeBackend whose steps overlap.
class OverlappingBackend final : public FakeBackend, public StepHooks {
 public:
  using FakeBackend::FakeBackend;
  ~OverlappingBackend() override { EXPECT_EQ(num_runners, 0) << "a runner outlives its backend"; }

  [[nodiscard]] std::unique_ptr<StepRunner> step_runner(const Vocabulary& vocabulary) override {
    return std::make_unique<FakeStepRunner>(*this, *this, vocabulary);
  }
};

}  // namespace sluice::inference
