#include "promql/histogram_rate.h"

#include <algorithm>

#include "promql/histogram_math.h"
#include "promql/range_functions.h"
#include "promql/smoothing.h"

namespace promql {
namespace {

using Hint = base::CounterResetHint;
using Histograms = std::span<const store::HistogramPtr>;

// Arithmetic whose mishaps become remarks; false where the histograms do not fit.
class Arithmetic {
 public:
  explicit Arithmetic(RangeContext& context) : context_(context) {}

  bool Add(FloatHistogram& into, const FloatHistogram& other) { return Check(promql::Add(into, other), "addition"); }
  bool Subtract(FloatHistogram& into, const FloatHistogram& other) {
    return Check(promql::Subtract(into, other), "subtraction");
  }
  bool Mixed() {
    context_.annotations.Warn(remark::MixedExponentialCustom(context_.metric()), context_.where);
    return false;
  }
  void NotCounter() { context_.annotations.Warn(remark::NotCounter(context_.metric()), context_.where); }
  void NotGauge() { context_.annotations.Warn(remark::NotGauge(context_.metric()), context_.where); }

 private:
  bool Check(const Combined& combined, std::string_view operation) {
    if (!combined.compatible) return Mixed();
    if (combined.reconciled) context_.annotations.Inform(remark::MismatchedCustomBuckets(operation), context_.where);
    return true;
  }

  RangeContext& context_;
};

bool ResetBetween(const Window& window, size_t i, const FloatHistogram& previous) {
  const auto& starts = window.histogram_start_times;
  const auto& times = window.histogram_times;
  return (!starts.empty() && StartTimeReset(starts[i - 1], times[i - 1], starts[i], times[i])) ||
         DetectReset(*window.histograms[i], previous);
}

// All of one kind, and the coarsest schema of them.
bool CheckSchemas(Histograms histograms, const FloatHistogram& first, bool counter, Arithmetic& arithmetic,
                  int32_t& schema) {
  const FloatHistogram& last = *histograms.back();
  const bool custom = UsesCustomBuckets(first);
  if (UsesCustomBuckets(last) != custom) return arithmetic.Mixed();
  schema = std::min(last.schema, first.schema);
  if (!counter) return true;
  for (size_t i = 1; i + 1 < histograms.size(); ++i) {
    if (histograms[i]->counter_reset_hint == Hint::gauge) arithmetic.NotCounter();
    schema = std::min(schema, histograms[i]->schema);
    if (UsesCustomBuckets(*histograms[i]) != custom) return arithmetic.Mixed();
  }
  return true;
}

bool AddBackResets(const Window& window, const FloatHistogram& first, RangeContext& context, Arithmetic& arithmetic,
                   FloatHistogram& result) {
  const FloatHistogram* previous = &first;
  const auto& starts = window.histogram_start_times;
  bool overlap = false;
  for (size_t i = 1; i < window.histograms.size(); ++i) {
    overlap =
        overlap || (!starts.empty() && StartTimeOverlaps(starts[i - 1], window.histogram_times[i - 1], starts[i]));
    if (ResetBetween(window, i, *previous) && !arithmetic.Add(result, *previous)) return false;
    previous = window.histograms[i].get();
  }
  if (overlap) context.annotations.WarnStartTimeOverlap(context.metric(), context.where);
  return true;
}

std::optional<FloatHistogram> Difference(const Window& window, RangeContext& context, bool counter) {
  const Histograms histograms = window.histograms;
  Arithmetic arithmetic(context);
  const bool gauges =
      histograms.front()->counter_reset_hint == Hint::gauge || histograms.back()->counter_reset_hint == Hint::gauge;
  if (counter && gauges) arithmetic.NotCounter();
  FloatHistogram first = *histograms.front();
  if (counter && ResetBetween(window, 1, first)) {
    // what was before a reset does not count, whatever its buckets were
    first = {};
    first.schema = histograms[1]->schema;
    first.custom_values = histograms[1]->custom_values;
  }
  int32_t schema = 0;
  if (!CheckSchemas(histograms, first, counter, arithmetic, schema)) return std::nullopt;
  FloatHistogram result = *histograms.back();
  ReduceSchema(result, schema);
  if (!arithmetic.Subtract(result, first)) return std::nullopt;
  if (counter && !AddBackResets(window, first, context, arithmetic, result)) return std::nullopt;
  const bool both_gauges =
      histograms.front()->counter_reset_hint == Hint::gauge && histograms.back()->counter_reset_hint == Hint::gauge;
  if (!counter && !both_gauges) arithmetic.NotGauge();
  result.counter_reset_hint = Hint::gauge;
  Compact(result);
  return result;
}

// Between two samples as Interpolate does it for numbers.
std::optional<FloatHistogram> InterpolateHistogram(const Window& window, size_t i, base::Timestamp time, bool counter,
                                                   Arithmetic& arithmetic) {
  const FloatHistogram &before = *window.histograms[i], &after = *window.histograms[i + 1];
  const base::Timestamp from = window.histogram_times[i], to = window.histogram_times[i + 1];
  if (time == from) return before;
  if (time == to) return after;
  const double fraction = base::ToSeconds(time - from) / base::ToSeconds(to - from);
  FloatHistogram result = after;
  if (counter && DetectReset(after, before)) {
    Scale(result, fraction);
    return result;
  }
  if (!arithmetic.Subtract(result, before)) return std::nullopt;
  Scale(result, fraction);
  if (!arithmetic.Add(result, before)) return std::nullopt;
  return result;
}

// What resets between the edges hid. The left edge may lie on the line to the next sample: a reset on that line is
// in the edge's value already.
std::optional<FloatHistogram> CorrectionBetween(const Window& window, size_t first, size_t last,
                                                const FloatHistogram& left, const FloatHistogram& right, bool smoothed,
                                                Arithmetic& arithmetic, bool& failed) {
  const Histograms all = window.histograms;
  const FloatHistogram* previous = &left;
  size_t at = first + 1;
  if (smoothed && window.histogram_times[first] < window.start && DetectReset(*all[first + 1], *all[first])) {
    previous = all[first + 1].get();
    ++at;
  }
  std::optional<FloatHistogram> correction;
  const auto add = [&](const FloatHistogram& lost) {
    if (!correction) {
      correction = lost;
    } else if (!arithmetic.Add(*correction, lost)) {
      failed = true;
    }
  };
  if (at > last) return correction;
  for (; at < last && !failed; ++at) {
    if (DetectReset(*all[at], *previous)) add(*previous);
    previous = all[at].get();
  }
  if (!failed && DetectReset(right, *previous)) add(*previous);
  return correction;
}

bool CheckExtended(Histograms histograms, bool counter, Arithmetic& arithmetic) {
  for (const store::HistogramPtr& histogram : histograms) {
    if (UsesCustomBuckets(*histogram) != UsesCustomBuckets(*histograms.front())) return arithmetic.Mixed();
    if (counter && histogram->counter_reset_hint == Hint::gauge) arithmetic.NotCounter();
  }
  return true;
}

}  // namespace

std::optional<FloatHistogram> HistogramDifference(const Window& window, RangeContext& context, bool counter,
                                                  bool from_start) {
  if (window.histograms.size() < 2) return *window.histograms.front();
  auto difference = Difference(window, context, counter);
  if (difference && from_start && !Arithmetic(context).Add(*difference, *window.histograms.front()))
    return std::nullopt;
  return difference;
}

Point ScaledPoint(FloatHistogram histogram, double factor) {
  Scale(histogram, factor);
  return Point::Of(std::make_shared<const FloatHistogram>(std::move(histogram)));
}

Point ExtendedHistogramRate(const Window& window, RangeContext& context, bool counter, bool per_second) {
  const bool smoothed = context.extension == Extension::smoothed;
  const auto edges = FindEdges(window.histogram_times, window, smoothed);
  if (!edges) return {};
  const auto [first, last] = *edges;
  Arithmetic arithmetic(context);
  if (!CheckExtended(window.histograms.subspan(first, last - first + 1), counter, arithmetic)) return {};
  std::optional<FloatHistogram> left = *window.histograms[first], right = *window.histograms[last];
  if (smoothed && window.histogram_times[first] < window.start) {
    left = InterpolateHistogram(window, first, window.start, counter, arithmetic);
  }
  if (smoothed && last > 0 && window.histogram_times[last] > window.end) {
    right = InterpolateHistogram(window, last - 1, window.end, counter, arithmetic);
  }
  if (!left || !right) return {};
  const bool gauges = left->counter_reset_hint == Hint::gauge && right->counter_reset_hint == Hint::gauge;
  if (!counter && !gauges) arithmetic.NotGauge();
  FloatHistogram result = *right;
  if (!arithmetic.Subtract(result, *left)) return {};
  if (counter) {
    bool failed = false;
    const auto correction = CorrectionBetween(window, first, last, *left, *right, smoothed, arithmetic, failed);
    if (failed || (correction && !arithmetic.Add(result, *correction))) return {};
  }
  if (per_second) Divide(result, base::ToSeconds(context.range));
  result.counter_reset_hint = Hint::gauge;
  Compact(result);
  return Point::Of(std::make_shared<const FloatHistogram>(std::move(result)));
}

}  // namespace promql
