#include "promql/native_quantile.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "promql/numerics.h"

namespace promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The zero bucket of a histogram that is only ever positive (or negative) is so, too.
void NarrowZeroBucket(Bucket& bucket, const FloatHistogram& h) {
  if (h.negative_buckets.empty() && !h.positive_buckets.empty()) bucket.lower = 0;
  if (h.positive_buckets.empty() && !h.negative_buckets.empty()) bucket.upper = 0;
}

double Within(const Bucket& bucket, double fraction, bool linear) {
  if (linear || (bucket.lower <= 0 && bucket.upper >= 0))
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

}  // namespace

double FractionBelow(const Bucket& bucket, double value, bool linear) {
  if (linear) return (value - bucket.lower) / (bucket.upper - bucket.lower);
  const double lower = std::log2(std::fabs(bucket.lower)), upper = std::log2(std::fabs(bucket.upper));
  const double at = std::log2(std::fabs(value));
  return value > 0 ? (at - lower) / (upper - lower) : 1 - (at - upper) / (lower - upper);
}

double QuantileOfHistogram(double quantile, const FloatHistogram& h, std::string_view metric, const SourceRange& where,
                           AnnotationSet& annotations) {
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  if (h.count == 0 || std::isnan(quantile)) return kNaN;
  // NaN observations are in no bucket, so that the search may only come from below; else the nearer end is taken
  const bool nan_observed = std::isnan(h.sum);
  const bool from_below = nan_observed || quantile < 0.5;
  std::vector<Bucket> buckets = AllBuckets(h);
  if (!from_below) std::ranges::reverse(buckets);
  double rank = (from_below ? quantile : 1 - quantile) * h.count;
  Bucket bucket;
  double count = 0;
  size_t next = 0;
  while (next < buckets.size()) {
    const Bucket& candidate = buckets[next++];
    if (candidate.count == 0) continue;
    bucket = candidate;
    count += bucket.count;
    if (count >= rank) break;
  }
  const bool custom = UsesCustomBuckets(h);
  if (!custom && bucket.lower < 0 && bucket.upper > 0) NarrowZeroBucket(bucket, h);
  if (custom && bucket.lower == -kInfinity) {
    if (bucket.upper <= 0) return bucket.upper;
    bucket.lower = 0;
  } else if (custom && bucket.upper == kInfinity) {
    return bucket.lower;
  }
  count = std::min(count, h.count);
  if (count < rank) {
    if (!nan_observed) return bucket.upper;
    annotations.Inform(remark::QuantileOfNaN(metric, true), where);
    return kNaN;
  }
  rank = from_below ? rank - (count - bucket.count) : count - rank;
  if (nan_observed) {
    for (; next < buckets.size(); ++next) count += buckets[next].count;
    if (count < h.count) annotations.Inform(remark::QuantileOfNaN(metric, false), where);
  }
  return Within(bucket, rank / bucket.count, custom);
}

double FractionOfHistogram(double lower, double upper, const FloatHistogram& h, std::string_view metric,
                           const SourceRange& where, AnnotationSet& annotations) {
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  const bool custom = UsesCustomBuckets(h);
  double rank = 0, count = 0;
  std::optional<double> below_lower, below_upper;
  for (Bucket bucket : AllBuckets(h)) {
    count += bucket.count;
    const bool zero = bucket.lower <= 0 && bucket.upper >= 0;
    if (zero) NarrowZeroBucket(bucket, h);
    const auto settle = [&](double value, std::optional<double>& below) {
      if (below) return;
      if (bucket.lower >= value) {
        below = rank;
      } else if (bucket.upper > value) {
        const bool linear = custom || zero;
        below = linear && bucket.lower == -kInfinity ? bucket.count
                                                     : rank + bucket.count * FractionBelow(bucket, value, linear);
      }
    };
    settle(lower, below_lower);
    settle(upper, below_upper);
    rank += bucket.count;
  }
  if (!std::isnan(h.sum)) {
    count = h.count;
  } else if (count < h.count) {
    annotations.Inform(remark::FractionOfNaN(metric), where);
  }
  const auto limited = [count](std::optional<double> below) { return std::min(below.value_or(count), count); };
  return (limited(below_upper) - limited(below_lower)) / h.count;
}

double VarianceOfHistogram(const FloatHistogram& h) {
  const double mean = h.sum / h.count;
  CompensatedSum variance;
  for (const Bucket& bucket : AllBuckets(h)) {
    if (bucket.count == 0) continue;
    double value = 0;
    if (UsesCustomBuckets(h)) {
      value = (bucket.upper + bucket.lower) / 2;
    } else if (bucket.lower > 0 || bucket.upper < 0) {
      value = std::copysign(std::sqrt(bucket.upper * bucket.lower), bucket.upper < 0 ? -1 : 1);
    }
    const double delta = value - mean;
    variance.Add(bucket.count * delta * delta);
  }
  return (variance.sum + variance.lost) / h.count;
}

}  // namespace promql
