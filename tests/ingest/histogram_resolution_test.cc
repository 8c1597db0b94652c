#include "ingest/histogram_resolution.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace ingest {
namespace {

std::string Side(const std::vector<base::HistogramSpan>& spans, const std::vector<double>& buckets) {
  std::string text;
  for (const base::HistogramSpan& span : spans) {
    text.append(" ").append(std::to_string(span.offset)).append("+").append(std::to_string(span.length));
  }
  text += ":";
  for (const double count : buckets) text.append(" ").append(std::to_string(static_cast<int>(count)));
  return text;
}

std::string Describe(const base::FloatHistogram& h) {
  std::string text = std::to_string(h.schema);
  return text.append(Side(h.positive_spans, h.positive_buckets))
      .append(" |")
      .append(Side(h.negative_spans, h.negative_buckets));
}

// Buckets 1 to 8 with as many observations, and below zero those of -3, 0 and 5.
base::FloatHistogram Sample(int32_t schema) {
  base::FloatHistogram histogram;
  histogram.schema = schema;
  histogram.positive_spans = {{1, 8}};
  histogram.positive_buckets = {1, 2, 3, 4, 5, 6, 7, 8};
  histogram.negative_spans = {{-3, 1}, {2, 1}, {4, 1}};
  histogram.negative_buckets = {10, 20, 30};
  return histogram;
}

TEST(HistogramResolution, EachStepMergesTwoBuckets) {
  struct Case {
    int32_t from;
    int32_t to;
    std::string want;
  };
  for (const Case& test : {Case{3, 3, "3 1+8: 1 2 3 4 5 6 7 8 | -3+1 2+1 4+1: 10 20 30"},
                           {3, 5, "3 1+8: 1 2 3 4 5 6 7 8 | -3+1 2+1 4+1: 10 20 30"},
                           {3, 2, "2 1+4: 3 7 11 15 | -1+2 2+1: 10 20 30"},
                           {3, 1, "1 1+2: 10 26 | 0+1 1+1: 30 30"},
                           {3, 0, "0 1+1: 36 | 0+2: 30 30"},
                           {3, -4, "-4 1+1: 36 | 0+2: 30 30"},
                           {52, 8, "8 1+1: 36 | 0+2: 30 30"}}) {
    SCOPED_TRACE(test.want);
    base::FloatHistogram histogram = Sample(test.from);
    ReduceResolution(histogram, test.to);
    EXPECT_EQ(Describe(histogram), test.want);
  }
}

TEST(HistogramResolution, FinestSchemaForAFactor) {
  struct Case {
    double factor;
    int32_t want;
  };
  for (const Case& test : {Case{0, 8},
                           {1, 8},
                           {1.001, 8},
                           {1.00271, 8},
                           {1.0028, 7},
                           {1.1, 2},
                           {1.5, 0},
                           {2, 0},
                           {2.1, -1},
                           {4, -1},
                           {65536, -4},
                           {1e30, -4}}) {
    EXPECT_EQ(FinestSchemaFor(test.factor), test.want) << test.factor;
  }
  EXPECT_EQ(FinestSchemaFor(std::numeric_limits<double>::quiet_NaN()), 8);
  EXPECT_EQ(FinestSchemaFor(std::numeric_limits<double>::infinity()), -4);
}

TEST(HistogramResolution, WithinLimits) {
  const auto histogram = std::make_shared<const base::FloatHistogram>(Sample(3));
  EXPECT_EQ(WithinLimits(histogram, 8, 0), histogram);
  EXPECT_EQ(WithinLimits(histogram, 3, 11), histogram);
  EXPECT_EQ(Describe(*WithinLimits(histogram, 2, 0)), "2 1+4: 3 7 11 15 | -1+2 2+1: 10 20 30");
  EXPECT_EQ(Describe(*WithinLimits(histogram, 8, 10)), "2 1+4: 3 7 11 15 | -1+2 2+1: 10 20 30");
  EXPECT_EQ(Describe(*WithinLimits(histogram, 8, 4)), "1 1+2: 10 26 | 0+1 1+1: 30 30");
  EXPECT_EQ(Describe(*WithinLimits(histogram, 8, 3)), "0 1+1: 36 | 0+2: 30 30");
  EXPECT_EQ(WithinLimits(histogram, 8, 2), nullptr);
  base::FloatHistogram custom = Sample(base::FloatHistogram::kCustomBucketsSchema);
  custom.negative_buckets.clear();
  const auto bounds = std::make_shared<const base::FloatHistogram>(custom);
  EXPECT_EQ(WithinLimits(bounds, -4, 8), bounds) << "custom bounds stay";
  EXPECT_EQ(WithinLimits(bounds, -4, 7), nullptr);
}

}  // namespace
}  // namespace ingest
