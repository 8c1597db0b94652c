#include <gtest/gtest.h>

#include <limits>

#include "promql/classic_histogram.h"
#include "promql/histogram_math.h"
#include "promql/label_hash.h"
#include "promql/number_format.h"
#include "promql/numerics.h"
#include "promql/series_notation.h"

namespace {

promql::FloatHistogram Histogram(const char* text) {
  const auto values = promql::ParseNotedValues(text);
  EXPECT_TRUE(values) << text;
  return *values->front().histogram;
}

TEST(Histograms, AddAndSubtract) {
  struct Case {
    const char* a;
    const char* b;
    const char* sum;
    const char* difference;
  };
  const Case kCases[] = {
      {"{{count:3 sum:3 buckets:[1 2]}}", "{{count:1 sum:1 offset:1 buckets:[1]}}",
       "{count:4, sum:4, (0.5,1]:1, (1,2]:3}", "{count:2, sum:2, (0.5,1]:1, (1,2]:1}"},
      // the finer one is brought to the coarser schema
      {"{{schema:1 count:2 offset:1 buckets:[1 1]}}", "{{schema:0 count:1 offset:1 buckets:[1]}}",
       "{count:3, sum:0, (1,2]:3}", "{count:1, sum:0, (1,2]:1}"},
      // the narrower zero bucket takes in what the wider covers
      {"{{count:3 z_bucket:1 z_bucket_w:0.5 buckets:[2]}}", "{{count:1 z_bucket:1 z_bucket_w:1}}",
       "{count:4, sum:0, [-1,1]:4}", "{count:2, sum:0, [-1,1]:2}"},
      {"{{schema:-53 count:3 custom_values:[1 2 3] buckets:[1 1 1]}}",
       "{{schema:-53 count:2 custom_values:[1 3] buckets:[1 1]}}", "{count:5, sum:0, [-Inf,1]:2, (1,3]:3}",
       "{count:1, sum:0, (1,3]:1}"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.a);
    promql::FloatHistogram sum = Histogram(test.a), difference = sum;
    EXPECT_TRUE(promql::Add(sum, Histogram(test.b)).compatible);
    EXPECT_EQ(promql::ToString(sum), test.sum);
    EXPECT_TRUE(promql::Subtract(difference, Histogram(test.b)).compatible);
    EXPECT_EQ(promql::ToString(difference), test.difference);
  }
  promql::FloatHistogram exponential = Histogram("{{count:1}}");
  EXPECT_FALSE(promql::Add(exponential, Histogram("{{schema:-53 custom_values:[1]}}")).compatible);
}

TEST(Histograms, NoticeResets) {
  struct Case {
    const char* before;
    const char* after;
    bool reset;
  };
  const Case kCases[] = {
      {"{{count:3 buckets:[1 2]}}", "{{count:4 buckets:[1 3]}}", false},
      {"{{count:3 buckets:[1 2]}}", "{{count:3 buckets:[2 1]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:2 buckets:[1 1]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:3 offset:1 buckets:[3]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:9 counter_reset_hint:reset buckets:[4 5]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:1 counter_reset_hint:not_reset buckets:[1]}}", false},
      {"{{schema:1 count:2 buckets:[1 1]}}", "{{schema:0 count:2 buckets:[1 1]}}", false},
      {"{{schema:0 count:2 buckets:[1 1]}}", "{{schema:1 count:2 buckets:[1 1]}}", true},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.after);
    EXPECT_EQ(promql::DetectReset(Histogram(test.after), Histogram(test.before)), test.reset);
  }
}

TEST(Histograms, StandSpansThatDoNotFit) {
  promql::FloatHistogram broken;
  broken.positive_spans = {{0, 4'000'000'000U}, {-5, 7}};
  broken.positive_buckets = {1, 2};
  EXPECT_EQ(promql::ToString(broken), "{count:0, sum:0, (0.5,1]:1, (1,2]:2}");
  promql::Compact(broken);
  EXPECT_EQ(broken.positive_spans.size(), 1U);
}

TEST(Numbers, AreWrittenAsGoWritesThem) {
  struct Case {
    double value;
    const char* g;
    const char* plain;
  };
  const Case kCases[] = {
      {1e6, "1e+06", "1000000"},
      {123456, "123456", "123456"},
      {1.5, "1.5", "1.5"},
      {1e-5, "1e-05", "0.00001"},
      {0, "0", "0"},
      {-2, "-2", "-2"},
      {1e30, "1e+30", "1000000000000000000000000000000"},
      {-1.7e20, "-1.7e+20", "-170000000000000000000"},
      {9007199254740994, "9.007199254740994e+15", "9007199254740994"},
      {std::numeric_limits<double>::infinity(), "+Inf", "+Inf"},
  };
  for (const Case& test : kCases) {
    EXPECT_EQ(promql::FormatG(test.value), test.g);
    EXPECT_EQ(promql::FormatPlain(test.value), test.plain);
  }
}

TEST(Numbers, AreSummedWithoutLoss) {
  promql::CompensatedSum sum;
  for (const double value : {1.0, 1e100, 1.0, -1e100}) sum.Add(value);
  EXPECT_EQ(sum.total(), 2);
  promql::CompensatedMean mean;
  for (int i = 0; i < 3; ++i) mean.Add(1.7e308);
  EXPECT_DOUBLE_EQ(mean.mean(), 1.7e308);
}

TEST(Numbers, HaveQuantiles) {
  std::vector<double> values = {3, 1, 2, 4};
  EXPECT_EQ(promql::Quantile(0.5, values), 2.5);
  EXPECT_EQ(promql::Quantile(0, values), 1);
  EXPECT_EQ(promql::Quantile(1, values), 4);
  const promql::ClassicQuantile fixed = promql::QuantileOfBuckets(0.5, {{1, 10}, {2, 5}, {HUGE_VAL, 20}});
  ASSERT_TRUE(fixed.forced);
  EXPECT_EQ(fixed.value, 1);
  EXPECT_EQ(fixed.forced->greatest_difference, 5);
}

// The specification's own values.
TEST(Hash, IsXxHash64) {
  EXPECT_EQ(promql::XxHash64(""), 0xEF46DB3751D8E999ULL);
  EXPECT_EQ(promql::XxHash64("a"), 0xD24EC4F1A98C6E5BULL);
  EXPECT_EQ(promql::XxHash64("abc"), 0x44BC2CF5AD770999ULL);
}

}  // namespace
