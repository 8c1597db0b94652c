#include <algorithm>
#include <cmath>
#include <optional>

#include "promql/edge_functions.h"
#include "promql/histogram_rate.h"
#include "promql/range_functions.h"
#include "promql/rate_row.h"
#include "promql/smoothing.h"

// rate(), increase() and delta(): the difference between a window's last and first sample, counters' resets put right,
// and extrapolated to the window's edges as Prometheus does (rate_row.h). Here for any single window; series of plain
// floats are done by RateRow.

namespace promql {
namespace {

bool StartTimeWithin(std::span<const base::Timestamp> starts, const Window& window, base::Timestamp first) {
  return !starts.empty() && starts[0] != base::Timestamp() && starts[0] > window.start && starts[0] < first;
}

// What resets hid from the difference of last and first.
double CounterCorrection(const Window& window, RangeContext& context) {
  double correction = 0;
  bool overlap = false;
  const auto& starts = window.start_times;
  for (size_t i = 1; i < window.values.size(); ++i) {
    bool reset = window.values[i] < window.values[i - 1];
    if (!starts.empty()) {
      overlap = overlap || StartTimeOverlaps(starts[i - 1], window.times[i - 1], starts[i]);
      reset = reset || StartTimeReset(starts[i - 1], window.times[i - 1], starts[i], window.times[i]);
    }
    if (reset) correction += window.values[i - 1];
  }
  if (overlap) context.annotations.WarnStartTimeOverlap(context.metric(), context.where);
  return correction;
}

// What the extrapolation needs to know of a window's samples, floats or histograms.
struct Shape {
  base::Timestamp first;
  base::Timestamp last;
  size_t samples = 0;
  std::span<const base::Timestamp> starts;
  double first_value = 0;  // of a histogram its count
};

// By what the difference is multiplied. `difference` and the shape's first value tell where a counter was zero.
double ExtrapolationFactor(const Window& window, const Shape& shape, double difference, bool counter, bool from_start) {
  Reach reach(window.start, shape.first, shape.last, window.end, shape.samples);
  if (from_start) {
    reach.to_start = 0;
    reach.sampled = base::ToSeconds(shape.last - shape.starts[0]);
    return reach.Factor();
  }
  return counter ? reach.CounterFactor(shape.first_value, difference) : reach.Factor();
}

Point FloatRate(const Window& window, RangeContext& context, RateKind kind) {
  if (window.start_times.empty()) {
    return RateOf(store::EdgesOf(window.times, window.values, kind.counter), {window.start, window.end}, kind);
  }
  const Shape shape{window.times.front(), window.times.back(), window.times.size(), window.start_times,
                    window.values.front()};
  const bool from_start = kind.counter && StartTimeWithin(shape.starts, window, shape.first);
  if (shape.samples < 2 && !from_start) return {};
  double difference = window.values.back() - window.values.front();
  if (kind.counter) difference += CounterCorrection(window, context);
  if (from_start) difference += window.values.front();
  double factor = ExtrapolationFactor(window, shape, difference, kind.counter, from_start);
  if (kind.per_second) factor /= base::ToSeconds(context.range);
  return Point::Number(difference * factor);
}

Point HistogramRate(const Window& window, RangeContext& context, RateKind kind) {
  const Shape shape{window.histogram_times.front(), window.histogram_times.back(), window.histograms.size(),
                    window.histogram_start_times, window.histograms.front()->count};
  const bool from_start = kind.counter && StartTimeWithin(shape.starts, window, shape.first);
  if (shape.samples < 2 && !from_start) return {};
  auto difference = HistogramDifference(window, context, kind.counter, from_start);
  if (!difference) return {};
  double factor = ExtrapolationFactor(window, shape, difference->count, kind.counter, from_start);
  if (kind.per_second) factor /= base::ToSeconds(context.range);
  return ScaledPoint(std::move(*difference), factor);
}

// Resets between boundary values and the samples strictly between them.
double CorrectionBetween(double left, double right, std::span<const double> values) {
  double correction = 0, previous = left;
  for (const double value : values) {
    if (value < previous) correction += previous;
    previous = value;
  }
  return right < previous ? correction + previous : correction;
}

// anchored and smoothed: exact values at the window's edges instead of extrapolation.
Point ExtendedFloatRate(const Window& window, const RangeContext& context, RateKind kind) {
  const bool smoothed = context.extension == Extension::smoothed;
  const auto edges = FindEdges(window.times, window, smoothed);
  if (!edges) return {};
  auto [first, last] = *edges;
  const auto& times = window.times;
  const auto& values = window.values;
  double left = values[first], right = values[last];
  if (smoothed && times[first] < window.start) {
    left = Interpolate(times[first], values[first], times[first + 1], values[first + 1], window.start, kind.counter);
  }
  if (smoothed && last > 0 && times[last] > window.end) {
    right = Interpolate(times[last - 1], values[last - 1], times[last], values[last], window.end, kind.counter);
  }
  double difference = right - left;
  if (kind.counter) {
    const size_t inner_begin = times[first] <= window.start ? first + 1 : first;
    const size_t inner_end = times[last] >= window.end ? last : last + 1;
    const size_t inner = inner_end > inner_begin ? inner_end - inner_begin : 0;
    difference += CorrectionBetween(left, right, values.subspan(std::min(inner_begin, values.size()), inner));
  }
  if (kind.per_second) difference /= base::ToSeconds(context.range);
  return Point::Number(difference);
}

Point AnyRate(const Window& window, RangeContext& context, RateKind kind) {
  if (!window.times.empty() && !window.histograms.empty()) {
    context.annotations.Warn(remark::MixedFloatsHistograms(context.metric()), context.where);
    return {};
  }
  const bool histograms = window.times.empty();
  if (context.extension == Extension::none) {
    return histograms ? HistogramRate(window, context, kind) : FloatRate(window, context, kind);
  }
  return histograms ? ExtendedHistogramRate(window, context, kind.counter, kind.per_second)
                    : ExtendedFloatRate(window, context, kind);
}

}  // namespace

std::optional<std::pair<size_t, size_t>> FindEdges(std::span<const base::Timestamp> times, const Window& window,
                                                   bool smoothed) {
  size_t last = times.size() - 1;
  const auto within = times.first(last);
  auto after_start = static_cast<size_t>(std::ranges::upper_bound(within, window.start) - within.begin());
  const size_t first = after_start > 0 ? after_start - 1 : 0;
  if (smoothed) last = static_cast<size_t>(std::ranges::lower_bound(within, window.end) - within.begin());
  if (times[last] <= window.start) return std::nullopt;
  if (smoothed && times[first] > window.end) return std::nullopt;
  return std::pair(first, last);
}

Point Rate(const Window& window, RangeContext& context) {
  return AnyRate(window, context, {.counter = true, .per_second = true});
}
Point Increase(const Window& window, RangeContext& context) {
  return AnyRate(window, context, {.counter = true, .per_second = false});
}
Point Delta(const Window& window, RangeContext& context) {
  return AnyRate(window, context, {.counter = false, .per_second = false});
}

bool StartTimeReset(base::Timestamp previous_start, base::Timestamp previous, base::Timestamp start,
                    base::Timestamp time) {
  constexpr base::Timestamp kUnknown;
  if (start == kUnknown || start >= time || start < previous) return false;
  if (start > previous) return true;
  // a start at the sample before is a delta's, or that of a counter whose start is unknown
  return previous_start <= previous && previous_start != kUnknown && previous_start != previous;
}

bool StartTimeOverlaps(base::Timestamp previous_start, base::Timestamp previous, base::Timestamp start) {
  return start != base::Timestamp() && start < previous && start != previous_start;
}

}  // namespace promql
