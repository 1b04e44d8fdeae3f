// What is checked: docs/resources.md is what `sluice validate --print-reference` prints, and every
// kind and annotation is in it. Method: the committed file is compared with the generated text.

#include "manifest/reference.h"

#include "manifest/annotations.h"
#include "manifest/kind.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice {
namespace {

TEST(ResourceReference, IsWhatIsCommitted) {
  std::stringstream committed;
  committed << std::ifstream(SLUICE_SOURCE_DIR "/docs/resources.md").rdbuf();
  EXPECT_EQ(committed.str(), resource_reference())
      << "run: sluice validate --print-reference > docs/resources.md";
}

TEST(ResourceReference, NamesEveryKindAndAnnotation) {
  const std::string text = resource_reference();
  for (const KindInfo& kind : all_kinds()) {
    EXPECT_NE(text.find(kind.kind), std::string::npos) << kind.kind;
  }
  for (const AnnotationInfo& annotation : all_annotations()) {
    EXPECT_NE(text.find(annotation.key), std::string::npos) << annotation.key;
  }
}

struct Quantity {
  const char* text;
  std::uint64_t amount;
};

class ParseQuantity : public testing::TestWithParam<Quantity> {};

TEST_P(ParseQuantity, ReadsWhatKubernetesWrites) {
  const auto amount = parse_quantity(GetParam().text);
  ASSERT_TRUE(amount) << amount.error().detail;
  EXPECT_EQ(amount.value(), GetParam().amount);
}

INSTANTIATE_TEST_SUITE_P(Table, ParseQuantity,
                         testing::Values(Quantity{"0", 0}, Quantity{"5000", 5000},
                                         Quantity{"1k", 1000}, Quantity{"1Ki", 1024},
                                         Quantity{"256Mi", 268435456}, Quantity{"1G", 1000000000},
                                         Quantity{"1.5Gi", 1610612736}, Quantity{"2e3", 2000},
                                         Quantity{"2E3", 2000}, Quantity{"1Ti", 1099511627776},
                                         Quantity{"0.5k", 500}));

class ParseQuantityBad : public testing::TestWithParam<const char*> {};

TEST_P(ParseQuantityBad, RefusesWhatIsNoWholeNumber) { EXPECT_FALSE(parse_quantity(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Table, ParseQuantityBad,
                         testing::Values("", "x", "-1", "+1", "1K", "1KB", "1Mb", "1.5", "100m",
                                         "1.2.3", ".5", "1 Gi", "1Gii", "1e", "1e-3", "1e99", "9E",
                                         "nan", "inf", "0x10"));

}  // namespace
}  // namespace sluice
