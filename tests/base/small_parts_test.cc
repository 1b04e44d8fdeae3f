// What is checked: the ring queue against a std::deque, the metrics' text, HOST:PORT. Pure.

#include "base/host_port.h"
#include "base/metrics.h"
#include "base/ring_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace sluice {
namespace {

RC_GTEST_PROP(RingQueue, BehavesLikeADeque, (const std::vector<int>& steps)) {
  RingQueue<int> ring;
  std::deque<int> model;
  for (const int step : steps) {
    if (step % 3 == 0 && !model.empty()) {
      RC_ASSERT(ring.pop_front() == model.front());
      model.pop_front();
    } else if (step % 3 == 1) {
      ring.push_front(step);
      model.push_front(step);
    } else {
      ring.push_back(step);
      model.push_back(step);
    }
    RC_ASSERT(ring.size() == model.size());
  }
}

TEST(RingQueue, GivesABurstsMemoryBackAndGoesOn) {
  RingQueue<int> ring;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5000; ++i) ring.push_back(i);
    for (int i = 0; i < 5000; ++i) EXPECT_EQ(ring.pop_front(), i);
    EXPECT_TRUE(ring.empty());
  }
}

TEST(Metrics, WritesPrometheusText) {
  Metrics metrics;
  Histogram histogram;
  histogram.observe(0.003);
  histogram.observe(100);
  metrics.add("sluice_a_total", "Counts a.", MetricType::counter, [](MetricSeries& out) {
    out.value({{"name", "x\"y\\z\n"}, {"code", "202"}}, 3);
  });
  metrics.add("sluice_b_seconds", "Takes b.", MetricType::histogram, [&](MetricSeries& out) {
    out.histogram({{"t", "1"}}, histogram);
  });
  const std::string text = metrics.to_text();
  EXPECT_NE(text.find("# HELP sluice_a_total Counts a.\n# TYPE sluice_a_total counter\n"
                      "sluice_a_total{name=\"x\\\"y\\\\z\\n\",code=\"202\"} 3\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("sluice_b_seconds_bucket{t=\"1\",le=\"0.0025\"} 0\n"), std::string::npos);
  EXPECT_NE(text.find("sluice_b_seconds_bucket{t=\"1\",le=\"0.005\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("sluice_b_seconds_bucket{t=\"1\",le=\"+Inf\"} 2\n"), std::string::npos);
  EXPECT_NE(text.find("sluice_b_seconds_count{t=\"1\"} 2\n"), std::string::npos);
}

TEST(ParseHostPort, ReadsAddresses) {
  EXPECT_EQ(to_string(parse_host_port("127.0.0.1:80").value()), "127.0.0.1:80");
  EXPECT_EQ(to_string(parse_host_port("[::1]:8080").value()), "[::1]:8080");
  EXPECT_EQ(parse_host_port(":0").value().host, "0.0.0.0");
  for (const char* bad : {"", "80", "host:", "host:x", "host:70000", "::1:80", "host:-1"}) {
    const auto parsed = parse_host_port(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_NE(parsed.error().detail.find("HOST:PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice
