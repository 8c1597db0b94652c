#include "rules/remote/answer_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"

namespace rules {
namespace {

using promql::Bucket;

constexpr int32_t kCoarsest = -4;
constexpr int32_t kFinest = 8;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// By index.
using Counts = std::map<int32_t, double>;

bool Near(double a, double b) { return a == b || std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)); }

bool IsZeroBucket(const Bucket& bucket) {
  return bucket.lower_inclusive && bucket.upper_inclusive && bucket.lower == -bucket.upper && bucket.upper < kInfinity;
}

// The index whose outer bound this is.
std::optional<int32_t> IndexOf(double bound, int32_t schema) {
  if (!(bound > 0 && bound < kInfinity)) return std::nullopt;
  const double index = std::round(std::ldexp(std::log2(bound), schema));
  const auto whole = static_cast<int32_t>(index);
  if (!Near(promql::BucketBound(whole, schema), bound)) return std::nullopt;
  return whole;
}

// Which bucket of the schema these bounds are, both given as distances from 0; nullopt where it has none such. The
// inner bound of the bucket beside the zero bucket is cut off by that.
std::optional<int32_t> Locate(double inner, double outer, int32_t schema, double zero_threshold) {
  if (outer == kInfinity) {
    const auto before = IndexOf(inner, schema);
    return before ? std::optional(*before + 1) : std::nullopt;
  }
  const auto index = IndexOf(outer, schema);
  if (!index) return std::nullopt;
  const double expected = promql::BucketBound(*index - 1, schema);
  const bool cut = inner == zero_threshold && inner > expected;
  return cut || Near(inner, expected) ? index : std::nullopt;
}

std::vector<base::HistogramSpan> SpansOf(const Counts& counts) {
  std::vector<base::HistogramSpan> spans;
  int32_t next = 0;
  for (const auto& [index, count] : counts) {
    if (spans.empty() || index != next) spans.push_back({index - next, 0});
    ++spans.back().length;
    next = index + 1;
  }
  return spans;
}

std::vector<double> ValuesOf(const Counts& counts) {
  std::vector<double> values;
  for (const auto& [index, count] : counts) values.push_back(count);
  return values;
}

// Puts the buckets into the histogram, if they are of this schema.
bool FillExponential(base::FloatHistogram& h, const std::vector<Bucket>& buckets, int32_t schema) {
  Counts positive, negative;
  for (const Bucket& bucket : buckets) {
    if (IsZeroBucket(bucket)) continue;
    const bool above = bucket.lower >= 0;
    if (!above && bucket.upper > 0) return false;
    const double inner = above ? bucket.lower : -bucket.upper;
    const double outer = above ? bucket.upper : -bucket.lower;
    const auto index = Locate(inner, outer, schema, h.zero_threshold);
    if (!index) return false;
    (above ? positive : negative)[*index] += bucket.count;
  }
  h.schema = schema;
  h.positive_spans = SpansOf(positive);
  h.positive_buckets = ValuesOf(positive);
  h.negative_spans = SpansOf(negative);
  h.negative_buckets = ValuesOf(negative);
  return true;
}

void FillCustom(base::FloatHistogram& h, const std::vector<Bucket>& buckets) {
  std::set<double> bounds;
  for (const Bucket& bucket : buckets) {
    for (const double bound : {bucket.lower, bucket.upper}) {
      if (std::isfinite(bound)) bounds.insert(bound);
    }
  }
  h.schema = base::FloatHistogram::kCustomBucketsSchema;
  h.zero_threshold = 0;
  h.zero_count = 0;
  h.custom_values.assign(bounds.begin(), bounds.end());
  Counts counts;
  for (const Bucket& bucket : buckets) {
    const auto at = std::ranges::lower_bound(h.custom_values, bucket.upper) - h.custom_values.begin();
    counts[static_cast<int32_t>(at)] += bucket.count;
  }
  h.positive_spans = SpansOf(counts);
  h.positive_buckets = ValuesOf(counts);
}

// [which bounds belong to it, "lower", "upper", "count"]
Bucket ReadBucket(JsonCursor& in) {
  in.BeginArray();
  if (!in.NextElement()) in.Fail("a bucket is empty");
  const double bounds = in.Number();
  if (bounds != 0 && bounds != 1 && bounds != 2 && bounds != 3) in.Fail("a bucket's bounds are of no known kind");
  const auto next = [&] {
    if (!in.NextElement()) in.Fail("a bucket has less than four values");
    return ReadFloatText(in);
  };
  Bucket bucket;
  bucket.lower = next();
  bucket.upper = next();
  bucket.count = next();
  bucket.lower_inclusive = bounds == 1 || bounds == 3;
  bucket.upper_inclusive = bounds == 0 || bounds == 3;
  if (in.NextElement()) in.Fail("a bucket has more than four values");
  if (!(bucket.lower <= bucket.upper)) in.Fail("a bucket ends before it begins");
  return bucket;
}

}  // namespace

double ReadFloatText(JsonCursor& in) {
  const auto value = base::ParseFloat(in.Text());
  if (!value) in.Fail("a value is no number");
  return value.value_or(0);
}

base::FloatHistogram FromBuckets(double count, double sum, const std::vector<Bucket>& buckets) {
  base::FloatHistogram h;
  h.counter_reset_hint = base::CounterResetHint::gauge;
  h.count = count;
  h.sum = sum;
  for (const Bucket& bucket : buckets) {
    if (!IsZeroBucket(bucket)) continue;
    h.zero_threshold = bucket.upper;
    h.zero_count = bucket.count;
  }
  if (std::ranges::all_of(buckets, IsZeroBucket)) return h;
  for (int32_t schema = kCoarsest; schema <= kFinest; ++schema) {
    if (FillExponential(h, buckets, schema)) return h;
  }
  FillCustom(h, buckets);
  return h;
}

store::HistogramPtr ReadHistogram(JsonCursor& in) {
  double count = 0, sum = 0;
  std::vector<Bucket> buckets;
  std::string key;
  in.BeginObject();
  while (in.NextKey(key)) {
    if (key == "count") {
      count = ReadFloatText(in);
    } else if (key == "sum") {
      sum = ReadFloatText(in);
    } else if (key == "buckets") {
      in.BeginArray();
      while (in.NextElement()) buckets.push_back(ReadBucket(in));
    } else {
      in.Skip();
    }
  }
  if (!in.good()) return nullptr;
  return std::make_shared<const base::FloatHistogram>(FromBuckets(count, sum, buckets));
}

}  // namespace rules
