#include "promql/annotations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/number_format.h"

namespace promql {
namespace {

std::string ForMetric(std::string text, std::string_view metric) {
  return metric.empty() ? text : fmt::format("{} for metric name {}", text, base::Quote(metric));
}

std::string At(const SourceRange& where) { return fmt::format(" ({}:{})", where.line, where.column); }

}  // namespace

namespace remark {

std::string InvalidQuantile(double quantile) {
  return fmt::format("PromQL warning: quantile value should be between 0 and 1, got {}", FormatG(quantile));
}
std::string InvalidRatio(double ratio, double capped) {
  return fmt::format("PromQL warning: ratio value should be between -1 and 1, got {}, capping to {}", FormatG(ratio),
                     FormatG(capped));
}
std::string BadBucketLabel(std::string_view metric, std::string_view label) {
  return ForMetric(
      fmt::format("PromQL warning: bucket label \"le\" is missing or has a malformed value of {}", base::Quote(label)),
      metric);
}
std::string MixedFloatsHistograms(std::string_view metric) {
  return fmt::format("PromQL warning: encountered a mix of histograms and floats for metric name {}",
                     base::Quote(metric));
}
std::string MixedFloatsHistogramsAggregation() {
  return "PromQL warning: encountered a mix of histograms and floats for aggregation";
}
std::string MixedClassicNativeHistograms(std::string_view metric) {
  return ForMetric("PromQL warning: vector contains a mix of classic and native histograms", metric);
}
std::string NotCounter(std::string_view metric) {
  return fmt::format("PromQL warning: this native histogram metric is not a counter: {}", base::Quote(metric));
}
std::string NotGauge(std::string_view metric) {
  return fmt::format("PromQL warning: this native histogram metric is not a gauge: {}", base::Quote(metric));
}
std::string MixedExponentialCustom(std::string_view metric) {
  return fmt::format(
      "PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas "
      "for metric name {}",
      base::Quote(metric));
}
std::string IncompatibleBucketLayout(std::string_view op) {
  return fmt::format("PromQL warning: incompatible bucket layout encountered for binary operator {}", op);
}
std::string SortInRangeQuery() {
  return "PromQL warning: sort is ineffective for range queries since results are always ordered by labels";
}
std::string CounterResetCollision(std::string_view operation) {
  return fmt::format("PromQL warning: conflicting counter resets during histogram {}", operation);
}
std::string PossibleNonCounter(std::string_view metric) {
  return fmt::format("PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                     base::Quote(metric));
}
std::string IncompatibleTypes(std::string_view left, std::string_view op, std::string_view right) {
  return fmt::format("PromQL info: incompatible sample types encountered for binary operator {}: {} {} {}",
                     base::Quote(op), left, op, right);
}
std::string HistogramIgnoredInAggregation(std::string_view aggregation) {
  return fmt::format("PromQL info: ignored histogram in {} aggregation", aggregation);
}
std::string HistogramIgnoredInMixedRange(std::string_view metric) {
  return fmt::format(
      "PromQL info: ignored histograms in a range containing both floats and histograms for metric "
      "name {}",
      base::Quote(metric));
}
std::string QuantileOfNaN(std::string_view metric, bool result_is_nan) {
  return ForMetric(fmt::format("PromQL info: input to histogram_quantile has NaN observations, result is {}",
                               result_is_nan ? "NaN" : "skewed higher"),
                   metric);
}
std::string FractionOfNaN(std::string_view metric) {
  return ForMetric(
      "PromQL info: input to histogram_fraction has NaN observations, which are excluded from all "
      "fractions",
      metric);
}
std::string MismatchedCustomBuckets(std::string_view operation) {
  return fmt::format("PromQL info: mismatched custom buckets were reconciled during {}", operation);
}

}  // namespace remark

void AnnotationSet::Add(std::vector<Remark>& remarks, std::string text, const SourceRange& where) {
  const auto known = std::ranges::find(remarks, text, &Remark::text);
  if (known == remarks.end()) {
    remarks.push_back({std::move(text), where});
  } else {
    known->where = where;
  }
}

void AnnotationSet::InformForcedMonotonicity(std::string_view metric, const SourceRange& where,
                                             const Monotonicity& fixed) {
  const std::string text = ForMetric(
      "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see "
      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)",
      metric);
  Merge(text, {fixed, fixed.time, fixed.time, 1, where});
}

void AnnotationSet::WarnStartTimeOverlap(std::string_view metric, const SourceRange& where) {
  Overlap& overlap = overlaps_[std::string(metric)];
  ++overlap.count;
  overlap.where = where;
}

void AnnotationSet::Merge(AnnotationSet later) {
  for (Remark& remark : later.warnings_) Add(warnings_, std::move(remark.text), remark.where);
  for (Remark& remark : later.infos_) Add(infos_, std::move(remark.text), remark.where);
  for (auto& [text, forced] : later.forced_) Merge(text, forced);
  for (const auto& [metric, overlap] : later.overlaps_) {
    Overlap& known = overlaps_[metric];
    known = {known.count + overlap.count, overlap.where};
  }
}

void AnnotationSet::Merge(const std::string& text, const ForcedMonotonicity& later) {
  const auto [at, inserted] = forced_.try_emplace(text, later);
  if (inserted) return;
  ForcedMonotonicity& known = at->second;
  known.where = later.where;
  known.first = std::min(known.first, later.first);
  known.last = std::max(known.last, later.last);
  known.merged.least_bucket = std::min(known.merged.least_bucket, later.merged.least_bucket);
  known.merged.greatest_bucket = std::max(known.merged.greatest_bucket, later.merged.greatest_bucket);
  known.merged.greatest_difference = std::max(known.merged.greatest_difference, later.merged.greatest_difference);
  known.samples += later.samples;
}

Annotations AnnotationSet::Finish() const {
  Annotations done;
  for (const Remark& remark : warnings_) done.warnings.push_back(remark.text + At(remark.where));
  for (const auto& [metric, overlap] : overlaps_) {
    const std::string often = overlap.count > 1 ? fmt::format(" ({} occurrences)", overlap.count) : "";
    done.warnings.push_back(
        fmt::format("PromQL warning: sample has start time that overlaps with previous sample "
                    "timestamp for metric {}{}{}",
                    base::Quote(metric), often, At(overlap.where)));
  }
  for (const Remark& remark : infos_) done.infos.push_back(remark.text + At(remark.where));
  const auto seconds = [](base::Timestamp time) {
    return base::FormatRfc3339(std::chrono::floor<std::chrono::seconds>(time));
  };
  for (const auto& [text, forced] : forced_) {
    done.infos.push_back(
        fmt::format("{}, from buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to "
                    "{}{}",
                    text, FormatG(forced.merged.least_bucket), FormatG(forced.merged.greatest_bucket),
                    forced.merged.greatest_difference, forced.samples, seconds(forced.first), seconds(forced.last),
                    At(forced.where)));
  }
  return done;
}

}  // namespace promql
