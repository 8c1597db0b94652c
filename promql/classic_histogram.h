#pragma once

#include <optional>
#include <vector>

namespace promql {

// A bucket of a classic histogram: how much was observed at or below `upper`.
struct ClassicBucket {
  double upper = 0;
  double count = 0;
};

// What had to be put right before a quantile could be read from buckets that fell where they must not.
struct ForcedMonotonicity {
  double least_bucket = 0;
  double greatest_bucket = 0;
  double greatest_difference = 0;
};
struct ClassicQuantile {
  double value = 0;
  std::optional<ForcedMonotonicity> forced;
};

// To the semantics of Prometheus' histogram_quantile and histogram_fraction; buckets in any order, at least one.
ClassicQuantile QuantileOfBuckets(double quantile, std::vector<ClassicBucket> buckets);
double FractionOfBuckets(double lower, double upper, std::vector<ClassicBucket> buckets);

}  // namespace promql
