#include <algorithm>

#include "promql/histogram_math.h"
#include "promql/range_functions.h"

// irate() and idelta(): only the two newest samples of a window.

namespace promql {
namespace {

struct Newest {
  base::Timestamp time;
  base::Timestamp start;
  double value = 0;
  store::HistogramPtr histogram;
};

// The two newest samples of either kind, the older one first. The caller knows that there are two.
std::pair<Newest, Newest> TwoNewest(const Window& window) {
  size_t floats = window.times.size(), histograms = window.histograms.size();
  const auto take = [&] {
    const bool is_float =
        histograms == 0 || (floats > 0 && window.times[floats - 1] > window.histogram_times[histograms - 1]);
    Newest newest;
    if (is_float) {
      --floats;
      newest.time = window.times[floats], newest.value = window.values[floats];
      if (!window.start_times.empty()) newest.start = window.start_times[floats];
    } else {
      --histograms;
      newest.time = window.histogram_times[histograms], newest.histogram = window.histograms[histograms];
      if (!window.histogram_start_times.empty()) newest.start = window.histogram_start_times[histograms];
    }
    return newest;
  };
  Newest last = take();
  return {take(), last};
}

Point HistogramChange(const Newest& before, const Newest& last, RangeContext& context, bool counter, bool reset) {
  using Hint = base::CounterResetHint;
  const bool gauge = last.histogram->counter_reset_hint == Hint::gauge;
  const bool gauge_before = before.histogram->counter_reset_hint == Hint::gauge;
  if (counter && (gauge || gauge_before)) context.annotations.Warn(remark::NotCounter(context.metric()), context.where);
  if (!counter && (!gauge || !gauge_before))
    context.annotations.Warn(remark::NotGauge(context.metric()), context.where);
  base::FloatHistogram result = *last.histogram;
  if (!counter || (!reset && !DetectReset(*last.histogram, *before.histogram))) {
    const Combined combined = Subtract(result, *before.histogram);
    if (!combined.compatible) {
      context.annotations.Warn(remark::MixedExponentialCustom(context.metric()), context.where);
      return {};
    }
    if (combined.reconciled) context.annotations.Inform(remark::MismatchedCustomBuckets("subtraction"), context.where);
  }
  result.counter_reset_hint = Hint::gauge;
  Compact(result);
  if (counter) Divide(result, base::ToSeconds(last.time - before.time));
  return Point::Of(std::make_shared<const base::FloatHistogram>(std::move(result)));
}

Point InstantChange(const Window& window, RangeContext& context, bool counter) {
  if (window.times.size() + window.histograms.size() < 2) return {};
  const auto [before, last] = TwoNewest(window);
  if (last.time == before.time) return {};
  const bool reset = StartTimeReset(before.start, before.time, last.start, last.time);
  if (!last.histogram && !before.histogram) {
    const bool restarted = counter && (last.value < before.value || reset);
    const double change = restarted ? last.value : last.value - before.value;
    return Point::Number(counter ? change / base::ToSeconds(last.time - before.time) : change);
  }
  if (last.histogram && before.histogram) return HistogramChange(before, last, context, counter, reset);
  context.annotations.Warn(remark::MixedFloatsHistograms(context.metric()), context.where);
  return {};
}

}  // namespace

Point Irate(const Window& window, RangeContext& context) { return InstantChange(window, context, true); }
Point Idelta(const Window& window, RangeContext& context) { return InstantChange(window, context, false); }

}  // namespace promql
