#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "promql/ast.h"
#include "promql/value.h"

namespace promql {

// Remarks gathered while one query runs: each text once, with the place of what caused it last. The texts are
// Prometheus' (util/annotations), because people and dashboards match on them. Not thread-safe.
class AnnotationSet {
 public:
  void Warn(std::string text, const SourceRange& where) { Add(warnings_, std::move(text), where); }
  void Inform(std::string text, const SourceRange& where) { Add(infos_, std::move(text), where); }

  // What several samples report, gathered into one remark with its extremes.
  struct Monotonicity {
    base::Timestamp time;
    double least_bucket = 0;
    double greatest_bucket = 0;
    double greatest_difference = 0;
  };
  void InformForcedMonotonicity(std::string_view metric, const SourceRange& where, const Monotonicity& fixed);
  void WarnStartTimeOverlap(std::string_view metric, const SourceRange& where);

  // Takes in what a later part of the same query remarked.
  void Merge(AnnotationSet later);

  Annotations Finish() const;

 private:
  struct Remark {
    std::string text;
    SourceRange where;
  };
  struct ForcedMonotonicity {
    Monotonicity merged;
    base::Timestamp first;
    base::Timestamp last;
    int samples = 0;
    SourceRange where;
  };
  struct Overlap {
    int count = 0;
    SourceRange where;
  };
  void Merge(const std::string& text, const ForcedMonotonicity& later);
  static void Add(std::vector<Remark>& remarks, std::string text, const SourceRange& where);

  std::vector<Remark> warnings_;
  std::vector<Remark> infos_;
  std::map<std::string, ForcedMonotonicity> forced_;  // by text
  std::map<std::string, Overlap> overlaps_;
};

// The texts, by what they are about.
namespace remark {
std::string InvalidQuantile(double quantile);
std::string InvalidRatio(double ratio, double capped);
std::string BadBucketLabel(std::string_view metric, std::string_view label);
std::string MixedFloatsHistograms(std::string_view metric);
std::string MixedFloatsHistogramsAggregation();
std::string MixedClassicNativeHistograms(std::string_view metric);
std::string NotCounter(std::string_view metric);
std::string NotGauge(std::string_view metric);
std::string MixedExponentialCustom(std::string_view metric);
std::string IncompatibleBucketLayout(std::string_view op);
std::string SortInRangeQuery();
std::string CounterResetCollision(std::string_view operation);
std::string PossibleNonCounter(std::string_view metric);
std::string IncompatibleTypes(std::string_view left, std::string_view op, std::string_view right);
std::string HistogramIgnoredInAggregation(std::string_view aggregation);
std::string HistogramIgnoredInMixedRange(std::string_view metric);
std::string QuantileOfNaN(std::string_view metric, bool result_is_nan);
std::string FractionOfNaN(std::string_view metric);
std::string MismatchedCustomBuckets(std::string_view operation);
}  // namespace remark

}  // namespace promql
