#include "promql/histogram_math.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "promql/histogram_cells.h"
#include "promql/number_format.h"

namespace promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Hint = base::CounterResetHint;

double CustomBound(int32_t index, const std::vector<double>& bounds) {
  if (index < 0) return -kInfinity;
  return static_cast<size_t>(index) < bounds.size() ? bounds[static_cast<size_t>(index)] : kInfinity;
}

// Whether one says that it follows a reset and the other that it does not; the hint of the result is settled as well.
bool SettleHints(FloatHistogram& into, const FloatHistogram& other) {
  const Hint mine = into.counter_reset_hint, theirs = other.counter_reset_hint;
  if (mine == theirs || mine == Hint::gauge) return false;
  if (theirs == Hint::gauge) {
    into.counter_reset_hint = Hint::gauge;
    return false;
  }
  into.counter_reset_hint = Hint::unknown;
  return mine != Hint::unknown && theirs != Hint::unknown;
}

Combined CombineInto(FloatHistogram& into, FloatHistogram* lost, const FloatHistogram& other, double sign) {
  Combined combined;
  if (UsesCustomBuckets(into) != UsesCustomBuckets(other)) {
    combined.compatible = false;
    return combined;
  }
  combined.reset_collision = SettleHints(into, other);
  Cells cells = LoadCells(into, lost);
  Cells more = LoadCells(other, nullptr);
  combined.reconciled = AddCells(cells, std::move(more), sign);
  StoreCells(cells, into, lost);
  return combined;
}

// Whether any bucket counted more before than after.
bool AnyFell(const CellList& after, const CellList& before) {
  auto at = after.begin();
  for (const Cell& cell : before) {
    while (at != after.end() && at->index < cell.index) ++at;
    const bool found = at != after.end() && at->index == cell.index;
    if (found ? at->sum.sum < cell.sum.sum : cell.sum.sum != 0) return true;
  }
  return false;
}

// What is counted beyond the zero bucket of `threshold`.
CellList Beyond(CellList cells, double threshold, int32_t schema) {
  std::erase_if(cells, [&](const Cell& cell) { return BucketBound(cell.index, schema) <= threshold; });
  return cells;
}

// In the order of AllBuckets, each with all of its own range.
std::vector<Bucket> UncutBuckets(const FloatHistogram& h) {
  const Cells cells = LoadCells(h, nullptr);
  std::vector<Bucket> buckets;
  buckets.reserve(cells.negative.size() + cells.positive.size() + 1);
  for (auto at = cells.negative.rbegin(); at != cells.negative.rend(); ++at) {
    buckets.push_back(BucketOf(h, *at, false));
  }
  if (h.zero_count > 0 && !UsesCustomBuckets(h)) {
    buckets.push_back({-h.zero_threshold, h.zero_threshold, true, true, h.zero_count, 0});
  }
  for (const Cell& cell : cells.positive) buckets.push_back(BucketOf(h, cell, true));
  return buckets;
}

bool BitEqual(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

bool SameCells(const CellList& a, const CellList& b) {
  return std::ranges::equal(
      a, b, [](const Cell& x, const Cell& y) { return x.index == y.index && BitEqual(x.sum.sum, y.sum.sum); });
}

}  // namespace

Bucket BucketOf(const FloatHistogram& h, const Cell& cell, bool positive) {
  Bucket bucket;
  bucket.index = cell.index;
  bucket.count = cell.sum.sum;
  if (UsesCustomBuckets(h)) {
    bucket.lower = CustomBound(cell.index - 1, h.custom_values);
    bucket.upper = CustomBound(cell.index, h.custom_values);
    bucket.lower_inclusive = cell.index == 0;
    bucket.upper_inclusive = true;
    return bucket;
  }
  const double inner = BucketBound(cell.index - 1, h.schema), outer = BucketBound(cell.index, h.schema);
  bucket.lower = positive ? inner : -outer;
  bucket.upper = positive ? outer : -inner;
  bucket.lower_inclusive = bucket.lower < 0;
  bucket.upper_inclusive = bucket.upper > 0;
  return bucket;
}

double BucketBound(int32_t index, int32_t schema) {
  constexpr int kLastExponent = 1024;
  if (schema < 0) {
    const int64_t exponent = static_cast<int64_t>(index) << -schema;
    if (exponent == kLastExponent) return std::numeric_limits<double>::max();
    return std::ldexp(1, static_cast<int>(std::clamp<int64_t>(exponent, -2000, 2000)));
  }
  // the bucket that holds the greatest finite numbers ends with them, not at infinity
  const double exponent = static_cast<double>(index) / static_cast<double>(int64_t{1} << std::min(schema, 62));
  if (exponent == kLastExponent) return std::numeric_limits<double>::max();
  return std::exp2(exponent);
}

std::vector<Bucket> AllBuckets(const FloatHistogram& h) {
  std::vector<Bucket> buckets = UncutBuckets(h);
  for (Bucket& bucket : buckets) {
    // observations below the threshold are in the zero bucket
    if (bucket.lower > 0) bucket.lower = std::max(bucket.lower, h.zero_threshold);
    if (bucket.upper < 0) bucket.upper = std::min(bucket.upper, -h.zero_threshold);
  }
  return buckets;
}

int64_t SampleCost(const FloatHistogram& h) {
  constexpr size_t kWord = 8, kStruct = 168;  // bytes that Prometheus counts for the struct itself
  const size_t words = h.positive_spans.size() + h.negative_spans.size() + h.positive_buckets.size() +
                       h.negative_buckets.size() + h.custom_values.size();
  constexpr size_t kSample = 16;
  return static_cast<int64_t>((kStruct + words * kWord + kWord) / kSample);
}

void Compact(FloatHistogram& h) {
  Cells cells = LoadCells(h, nullptr);
  DropEmpty(cells);
  StoreCells(cells, h, nullptr);
}

void ReduceSchema(FloatHistogram& h, int32_t schema) {
  if (UsesCustomBuckets(h) || schema >= h.schema) return;
  Cells cells = LoadCells(h, nullptr);
  ReduceCells(cells, schema);
  StoreCells(cells, h, nullptr);
}

void Scale(FloatHistogram& h, double factor) {
  h.zero_count *= factor;
  h.count *= factor;
  h.sum *= factor;
  for (double& count : h.positive_buckets) count *= factor;
  for (double& count : h.negative_buckets) count *= factor;
  if (factor < 0) h.counter_reset_hint = Hint::gauge;
}

void Divide(FloatHistogram& h, double divisor) {
  h.zero_count /= divisor;
  h.count /= divisor;
  h.sum /= divisor;
  if (divisor == 0) {
    h.positive_spans.clear();
    h.negative_spans.clear();
    h.positive_buckets.clear();
    h.negative_buckets.clear();
    return;
  }
  for (double& count : h.positive_buckets) count /= divisor;
  for (double& count : h.negative_buckets) count /= divisor;
  if (divisor < 0) h.counter_reset_hint = Hint::gauge;
}

Combined Add(FloatHistogram& into, const FloatHistogram& other) { return CombineInto(into, nullptr, other, 1); }
Combined Subtract(FloatHistogram& into, const FloatHistogram& other) { return CombineInto(into, nullptr, other, -1); }
Combined AddCompensated(FloatHistogram& into, FloatHistogram& lost, const FloatHistogram& other) {
  return CombineInto(into, &lost, other, 1);
}

bool EqualHistograms(const FloatHistogram& a, const FloatHistogram& b) {
  if (a.schema != b.schema || !BitEqual(a.count, b.count) || !BitEqual(a.sum, b.sum)) return false;
  if (UsesCustomBuckets(a) && a.custom_values != b.custom_values) return false;
  if (a.zero_threshold != b.zero_threshold || !BitEqual(a.zero_count, b.zero_count)) return false;
  const Cells x = LoadCells(a, nullptr), y = LoadCells(b, nullptr);
  return SameCells(x.negative, y.negative) && SameCells(x.positive, y.positive);
}

bool DetectReset(const FloatHistogram& after, const FloatHistogram& before) {
  if (after.counter_reset_hint == Hint::reset) return true;
  if (after.counter_reset_hint == Hint::not_reset) return false;
  if (after.count < before.count) return true;
  Cells now = LoadCells(after, nullptr), then = LoadCells(before, nullptr);
  if (UsesCustomBuckets(after)) {
    if (!UsesCustomBuckets(before)) return true;
    if (now.custom_values != then.custom_values) {
      const std::vector<double> common = CommonBounds(now.custom_values, then.custom_values);
      MapToBounds(now, common);
      MapToBounds(then, common);
    }
    return AnyFell(now.positive, then.positive);
  }
  if (after.schema > before.schema || after.zero_threshold < before.zero_threshold) return true;
  const auto [zero, threshold] = ZeroBucketAt(then, after.zero_threshold);
  if (threshold != after.zero_threshold || after.zero_count < zero.sum) return true;
  ReduceCells(then, after.schema);
  const auto fell = [&after](const CellList& current, const CellList& previous) {
    return AnyFell(Beyond(current, after.zero_threshold, after.schema),
                   Beyond(previous, after.zero_threshold, after.schema));
  };
  return fell(now.positive, then.positive) || fell(now.negative, then.negative);
}

bool HasOverflow(const FloatHistogram& h) {
  const auto infinite = [](double value) { return std::isinf(value); };
  return infinite(h.zero_count) || infinite(h.count) || infinite(h.sum) ||
         std::ranges::any_of(h.positive_buckets, infinite) || std::ranges::any_of(h.negative_buckets, infinite) ||
         std::ranges::any_of(h.custom_values, infinite);
}

std::string ToString(const FloatHistogram& h) {
  std::string text = "{count:" + FormatG(h.count) + ", sum:" + FormatG(h.sum);
  for (const Bucket& bucket : UncutBuckets(h)) {
    if (bucket.count == 0) continue;
    text += bucket.lower_inclusive ? ", [" : ", (";
    text += FormatG(bucket.lower) + "," + FormatG(bucket.upper);
    text += bucket.upper_inclusive ? "]:" : "):";
    text += FormatG(bucket.count);
  }
  return text + "}";
}

}  // namespace promql
