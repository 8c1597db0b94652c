#include "promql/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSmallDifference = 1e-12;  // relative; rounding, not a falling count

// Sorts by bound. NaN bounds have no defined order; an insertion sort reproduces the result of Go's sort for up to
// twelve buckets.
void SortByBound(std::vector<ClassicBucket>& buckets) {
  if (std::ranges::none_of(buckets, [](const ClassicBucket& bucket) { return std::isnan(bucket.upper); })) {
    std::ranges::stable_sort(buckets, {}, &ClassicBucket::upper);
    return;
  }
  for (size_t end = 1; end < buckets.size(); ++end) {
    for (size_t i = end; i > 0 && buckets[i].upper < buckets[i - 1].upper; --i) std::swap(buckets[i], buckets[i - 1]);
  }
}

// Sorted by bound, equal bounds added up. False without a bucket for everything.
bool Normalise(std::vector<ClassicBucket>& buckets) {
  SortByBound(buckets);
  if (!(std::isinf(buckets.back().upper) && buckets.back().upper > 0)) return false;
  size_t kept = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[kept].upper) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  return true;
}

bool AlmostEqual(double a, double b) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kLeast = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || sum < kLeast) return difference < kSmallDifference * kLeast;
  return difference / std::fmin(sum, std::numeric_limits<double>::max()) < kSmallDifference;
}

std::optional<ForcedMonotonicity> MakeMonotonic(std::vector<ClassicBucket>& buckets) {
  ForcedMonotonicity fixed{kInfinity, -kInfinity, 0};
  bool any = false;
  double previous = buckets.front().count;
  for (size_t i = 1; i < buckets.size(); ++i) {
    ClassicBucket& bucket = buckets[i];
    if (bucket.count == previous) continue;
    if (AlmostEqual(previous, bucket.count)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      any = true;
      fixed.least_bucket = std::min(fixed.least_bucket, bucket.upper);
      fixed.greatest_bucket = std::max(fixed.greatest_bucket, bucket.upper);
      fixed.greatest_difference = std::max(fixed.greatest_difference, previous - bucket.count);
      bucket.count = previous;
    } else {
      previous = bucket.count;
    }
  }
  return any ? std::optional(fixed) : std::nullopt;
}

double ReadQuantile(double quantile, const std::vector<ClassicBucket>& buckets) {
  if (buckets.size() < 2 || buckets.back().count == 0) return kNaN;
  double rank = quantile * buckets.back().count;
  size_t at = 0;
  while (at + 1 < buckets.size() && !(buckets[at].count >= rank)) ++at;
  if (at + 1 == buckets.size()) return buckets[at - 1].upper;
  if (at == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  double begin = 0, count = buckets[at].count;
  if (at > 0) {
    begin = buckets[at - 1].upper;
    count -= buckets[at - 1].count;
    rank -= buckets[at - 1].count;
  }
  return begin + (buckets[at].upper - begin) * (rank / count);
}

// How much lies below `value`; nothing if no bucket reaches it.
std::optional<double> CountBelow(double value, const std::vector<ClassicBucket>& buckets) {
  double below = 0;
  double lower = buckets[0].upper <= 0 ? -kInfinity : 0;
  for (const ClassicBucket& bucket : buckets) {
    if (lower >= value) return below;
    if (bucket.upper > value) {
      if (std::isinf(lower)) return bucket.count;
      return below + (bucket.count - below) * (value - lower) / (bucket.upper - lower);
    }
    below = bucket.count;
    lower = bucket.upper;
  }
  return std::nullopt;
}

}  // namespace

ClassicQuantile QuantileOfBuckets(double quantile, std::vector<ClassicBucket> buckets) {
  if (std::isnan(quantile)) return {kNaN, {}};
  if (quantile < 0) return {-kInfinity, {}};
  if (quantile > 1) return {kInfinity, {}};
  if (!Normalise(buckets)) return {kNaN, {}};
  auto forced = MakeMonotonic(buckets);
  return {ReadQuantile(quantile, buckets), forced};
}

double FractionOfBuckets(double lower, double upper, std::vector<ClassicBucket> buckets) {
  if (!Normalise(buckets)) return kNaN;
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  const auto rank = [&](double value) { return std::min(CountBelow(value, buckets).value_or(count), count); };
  return (rank(upper) - rank(lower)) / count;
}

}  // namespace promql
