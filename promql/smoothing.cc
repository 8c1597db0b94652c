#include "promql/smoothing.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "promql/histogram_math.h"

namespace promql {
namespace {

bool IsHistogram(const store::Samples& samples, size_t i) {
  return !samples.histograms.empty() && samples.histograms[i] != nullptr;
}

bool IsStaleSample(const store::Samples& samples, size_t i) {
  return store::IsStale(IsHistogram(samples, i) ? samples.histograms[i]->sum : samples.values[i]);
}

Point HistogramBetween(const FloatHistogram& before, const FloatHistogram& after, double fraction,
                       std::string_view metric, const SourceRange& where, AnnotationSet& annotations) {
  using Hint = base::CounterResetHint;
  FloatHistogram result = after;
  if (UsesCustomBuckets(before) != UsesCustomBuckets(after)) {
    annotations.Warn(remark::MixedExponentialCustom(metric), where);
    return {};
  }
  const bool counter = before.counter_reset_hint != Hint::gauge || after.counter_reset_hint != Hint::gauge;
  if (counter && DetectReset(after, before)) {
    Scale(result, fraction);
  } else {
    const bool reconciled = Subtract(result, before).reconciled;
    if (reconciled) annotations.Inform(remark::MismatchedCustomBuckets("subtraction"), where);
    Scale(result, fraction);
    if (Add(result, before).reconciled) annotations.Inform(remark::MismatchedCustomBuckets("addition"), where);
  }
  return Point::Of(std::make_shared<const FloatHistogram>(std::move(result)));
}

// The last sample before a gap, carried on; how it relates to the one before no longer matters.
Point Carried(const store::Samples& samples, size_t i) {
  if (!IsHistogram(samples, i)) return Point::Number(samples.values[i]);
  FloatHistogram copy = *samples.histograms[i];
  copy.counter_reset_hint = base::CounterResetHint::unknown;
  return Point::Of(std::make_shared<const FloatHistogram>(std::move(copy)));
}

// The samples around `time`, staleness markers left out, and whether both kinds are within reach.
struct Surroundings {
  std::optional<size_t> before;  // at or before
  std::optional<size_t> after;
  bool floats = false;
  bool histograms = false;
};

Surroundings Look(const store::Samples& samples, base::Timestamp time, base::Duration lookback) {
  Surroundings found;
  const auto first = std::ranges::upper_bound(samples.times, time - lookback) - samples.times.begin();
  for (auto i = static_cast<size_t>(first); i < samples.size() && samples.times[i] <= time + lookback; ++i) {
    if (IsStaleSample(samples, i)) continue;
    (IsHistogram(samples, i) ? found.histograms : found.floats) = true;
    if (samples.times[i] <= time) {
      found.before = i;
    } else if (!found.after) {
      found.after = i;
    }
  }
  return found;
}

}  // namespace

double Interpolate(base::Timestamp first_time, double first, base::Timestamp second_time, double second,
                   base::Timestamp time, bool counter) {
  const double from = counter && second < first ? 0 : first;
  return from + (second - from) * base::ToSeconds(time - first_time) / base::ToSeconds(second_time - first_time);
}

Point SmoothedSample(const store::Samples& samples, base::Timestamp time, base::Duration lookback,
                     std::string_view metric, const SourceRange& where, AnnotationSet& annotations) {
  const Surroundings around = Look(samples, time, lookback);
  if (around.floats && around.histograms) {
    annotations.Warn(remark::MixedFloatsHistograms(metric), where);
    return {};
  }
  if (!around.before) return {};
  const size_t before = *around.before;
  const bool histogram = IsHistogram(samples, before);
  if (samples.times[before] == time) {
    return histogram ? Point::Of(samples.histograms[before]) : Point::Number(samples.values[before]);
  }
  if (!around.after) return Carried(samples, before);
  const size_t after = *around.after;
  const base::Timestamp from = samples.times[before], to = samples.times[after];
  if (!histogram) {
    return Point::Number(Interpolate(from, samples.values[before], to, samples.values[after], time, false));
  }
  const double fraction = base::ToSeconds(time - from) / base::ToSeconds(to - from);
  return HistogramBetween(*samples.histograms[before], *samples.histograms[after], fraction, metric, where,
                          annotations);
}

}  // namespace promql
