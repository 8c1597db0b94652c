#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/histogram.h"

// Arithmetic of native histograms, to the semantics of Prometheus' model/histogram.FloatHistogram. Pure functions.

namespace promql {

using base::FloatHistogram;

inline bool UsesCustomBuckets(const FloatHistogram& h) { return h.schema == FloatHistogram::kCustomBucketsSchema; }

// A bucket with its bounds, as quantiles and texts need it.
struct Bucket {
  double lower = 0;
  double upper = 0;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  double count = 0;
  int32_t index = 0;
};
// Negative buckets from the lowest, the zero bucket if it counts anything, the positive ones. A bucket that straddles
// the zero bucket's threshold is cut there.
std::vector<Bucket> AllBuckets(const FloatHistogram& h);
// How many samples a histogram counts as against EngineOptions::max_samples, as Prometheus counts them: one for every
// 16 bytes of its memory, rounded to the nearest.
int64_t SampleCost(const FloatHistogram& h);
// The upper bound of an exponential bucket.
double BucketBound(int32_t index, int32_t schema);

// Without empty buckets, and with as few spans as possible.
void Compact(FloatHistogram& h);
// To a coarser exponential schema; the same or a finer one changes nothing.
void ReduceSchema(FloatHistogram& h, int32_t schema);
void Scale(FloatHistogram& h, double factor);
void Divide(FloatHistogram& h, double divisor);

struct Combined {
  bool compatible = true;        // else nothing was done: exponential and custom buckets do not mix
  bool reset_collision = false;  // one says it follows a reset, the other that it does not
  bool reconciled = false;       // custom bounds differed; only those both have are left
};
Combined Add(FloatHistogram& into, const FloatHistogram& other);
Combined Subtract(FloatHistogram& into, const FloatHistogram& other);
// Add, with what rounding loses kept in `lost`, which has `into`'s layout.
Combined AddCompensated(FloatHistogram& into, FloatHistogram& lost, const FloatHistogram& other);

// Bucket by bucket the same, bit for bit; how the buckets are laid out in spans does not matter.
bool EqualHistograms(const FloatHistogram& a, const FloatHistogram& b);
// Whether a counter histogram was reset between `before` and `after`.
bool DetectReset(const FloatHistogram& after, const FloatHistogram& before);
bool HasOverflow(const FloatHistogram& h);

// Only what was observed below (`upper`) or above the limit; the bucket the limit falls in is cut by interpolation.
void TrimBuckets(FloatHistogram& h, double limit, bool upper);

// As Prometheus prints a histogram in text: {count:…, sum:…, [lower,upper):…}. Buckets are not cut at the zero
// threshold.
std::string ToString(const FloatHistogram& h);

}  // namespace promql
