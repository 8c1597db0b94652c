#include <cmath>

#include "promql/histogram_cells.h"
#include "promql/histogram_math.h"
#include "promql/native_quantile.h"

// The operators </ and >/: keep what was observed on one side of a limit. A bucket that the limit cuts is split by
// interpolation, and the sum is estimated anew from the middles of what is left.

namespace promql {
namespace {

// What is left of a bucket: how much, and the value it is taken to have been observed at.
struct Kept {
  double count = 0;
  double middle = 0;
};

double FiniteOrZero(double value) { return std::isinf(value) ? 0 : value; }

double Middle(double lower, double upper, bool positive, bool linear) {
  if (std::isinf(lower) && std::isinf(upper)) return 0;
  if (std::isinf(lower)) return upper > 0 ? upper / 2 : upper;
  if (std::isinf(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  const double geometric = std::sqrt(std::fabs(lower * upper));
  return positive ? geometric : -geometric;
}

// Without a lower bound: observations are taken to be positive if the upper bound is.
Kept CutUnboundedBelow(const Bucket& bucket, double limit, bool upper) {
  const bool finite_upper = !std::isinf(bucket.upper);
  if (upper) {
    if (limit > 0 && bucket.upper > 0 && finite_upper) return {bucket.count * limit / bucket.upper, limit / 2};
    if (bucket.upper <= 0) return {bucket.count, limit};
    return {0, FiniteOrZero(bucket.upper)};
  }
  if (limit >= 0 && bucket.upper > limit && finite_upper) {
    return {bucket.count * (1 - limit / bucket.upper), (limit + bucket.upper) / 2};
  }
  return {0, FiniteOrZero(bucket.upper)};
}

Kept Cut(const Bucket& bucket, double limit, bool upper, bool positive, bool linear) {
  if (std::isinf(bucket.lower)) return CutUnboundedBelow(bucket, limit, upper);
  if (std::isinf(bucket.upper)) {
    return upper || limit < bucket.lower ? Kept{0, FiniteOrZero(bucket.lower)} : Kept{bucket.count, limit};
  }
  const double below = bucket.count * FractionBelow(bucket, limit, linear);
  if (upper) return {below, Middle(bucket.lower, limit, positive, linear)};
  return {bucket.count - below, Middle(limit, bucket.upper, positive, linear)};
}

Kept KeepOfBucket(const Bucket& bucket, double limit, bool upper, bool positive, bool linear) {
  const bool whole = upper ? bucket.upper <= limit : bucket.lower >= limit;
  if (whole) return {bucket.count, Middle(bucket.lower, bucket.upper, positive, linear)};
  const bool partly = upper ? bucket.lower < limit : bucket.upper > limit;
  return partly ? Cut(bucket, limit, upper, positive, linear) : Kept{};
}

Kept KeepOfZeroBucket(const FloatHistogram& h, double limit, bool upper, bool any_negative, bool any_positive) {
  const double low = any_positive && !any_negative ? 0 : -h.zero_threshold;
  const double high = any_negative && !any_positive ? 0 : h.zero_threshold;
  const Kept whole{h.zero_count, (low + high) / 2};
  if (limit <= low) return upper ? Kept{} : whole;
  if (limit >= high) return upper ? whole : Kept{};
  if (upper) return {h.zero_count * (limit - low) / (high - low), (low + limit) / 2};
  return {h.zero_count * (high - limit) / (high - low), (limit + high) / 2};
}

}  // namespace

void TrimBuckets(FloatHistogram& h, double limit, bool upper) {
  const bool linear = UsesCustomBuckets(h);
  Cells cells = LoadCells(h, nullptr);
  double count = 0, sum = 0;
  bool changed = false;
  const auto trim = [&](CellList& list, bool positive) {
    bool any = false;
    for (Cell& cell : list) {
      if (cell.sum.sum == 0) continue;
      any = true;
      const Kept kept = KeepOfBucket(BucketOf(h, cell, positive), limit, upper, positive, linear);
      changed |= kept.count != cell.sum.sum;
      cell.sum.sum = kept.count;
      count += kept.count;
      sum += kept.middle * kept.count;
    }
    return any;
  };
  const bool any_positive = trim(cells.positive, true);
  const bool any_negative = trim(cells.negative, false);
  if (h.zero_count > 0) {
    const Kept kept = KeepOfZeroBucket(h, limit, upper, any_negative, any_positive);
    changed |= kept.count != h.zero_count;
    cells.zero.sum = kept.count;
    count += kept.count;
    sum += kept.middle * kept.count;
  }
  if (!changed) return;
  cells.count.sum = count;
  cells.sum.sum = sum;
  DropEmpty(cells);
  StoreCells(cells, h, nullptr);
}

}  // namespace promql
