#include "ingest/protobuf_histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ingest/histogram_resolution.h"

namespace ingest {
namespace {

constexpr double kMostExactCount = 9007199254740992;  // 2^53

bool Fit(const std::vector<base::HistogramSpan>& spans, const std::vector<double>& buckets) {
  uint64_t places = 0;
  int64_t index = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return false;
    places += spans[i].length;
    index += spans[i].offset;
    index += spans[i].length;
    if (index > INT32_MAX || index < INT32_MIN || places > buckets.size()) return false;
  }
  return places == buckets.size();
}

bool AreCounts(const std::vector<double>& buckets) {
  return std::ranges::all_of(buckets, [](double count) { return count >= 0 && std::isfinite(count); });
}

}  // namespace

base::HistogramSpan ReadSpan(std::string_view message) {
  base::HistogramSpan span;
  for (ProtobufReader in(message); in.Next();) {
    if (in.field() == 1) span.offset = static_cast<int32_t>(in.ZigZag());
    if (in.field() == 2) span.length = static_cast<uint32_t>(in.Unsigned());
  }
  return span;
}

std::vector<double> ProtobufBuckets::Counts() const { return counts.empty() ? AddedDeltas() : counts; }

std::vector<double> ProtobufBuckets::AddedDeltas() const {
  std::vector<double> absolute;
  absolute.reserve(deltas.size());
  uint64_t count = 0;  // unsigned, as hostile deltas overflow
  for (const int64_t delta : deltas) {
    count += static_cast<uint64_t>(delta);
    absolute.push_back(static_cast<double>(static_cast<int64_t>(count)));
  }
  return absolute;
}

const char* WhyImpossible(const base::FloatHistogram& h) {
  const bool custom = h.schema == base::FloatHistogram::kCustomBucketsSchema;
  if (!custom && (h.schema < kCoarsestSchema || h.schema > kFinestReserved)) return "invalid schema";
  if (!Fit(h.positive_spans, h.positive_buckets) || !Fit(h.negative_spans, h.negative_buckets)) {
    return "the buckets do not fit the spans";
  }
  if (!AreCounts(h.positive_buckets) || !AreCounts(h.negative_buckets) || !(h.count >= 0) || !(h.zero_count >= 0)) {
    return "a count is below zero or not a number";
  }
  if (!(h.zero_threshold >= 0)) return "the zero threshold is below zero";
  if (!custom) return h.custom_values.empty() ? nullptr : "custom bounds with an exponential schema";
  if (!h.negative_buckets.empty() || h.zero_count != 0) return "custom buckets below or around zero";
  if (!std::ranges::is_sorted(h.custom_values, std::less_equal<>()) && h.custom_values.size() > 1) {
    return "the custom bounds do not rise";
  }
  if (!std::ranges::all_of(h.custom_values, [](double bound) { return std::isfinite(bound); })) {
    return "a custom bound is not finite; the bucket up to +Inf has none";
  }
  int64_t index = 0;
  for (const base::HistogramSpan& span : h.positive_spans) index += span.offset + static_cast<int64_t>(span.length);
  if (!h.positive_spans.empty() && h.positive_spans.front().offset < 0) return "a bucket before the first bound";
  return index > static_cast<int64_t>(h.custom_values.size()) + 1 ? "more buckets than custom bounds" : nullptr;
}

const char* WhyCountsDisagree(const base::FloatHistogram& h) {
  const double below = std::accumulate(h.negative_buckets.begin(), h.negative_buckets.end(), h.zero_count);
  const double in_buckets = std::accumulate(h.positive_buckets.begin(), h.positive_buckets.end(), below);
  if (std::max(in_buckets, h.count) > kMostExactCount) return nullptr;
  const bool agree = std::isnan(h.sum) ? in_buckets <= h.count : in_buckets == h.count;
  return agree ? nullptr : "the buckets do not add up to the count";
}

}  // namespace ingest
