#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "promql/histogram_aggregate.h"
#include "promql/numerics.h"
#include "promql/range_functions.h"

// What is computed from all samples of a window. Functions that make sense for floats alone leave histograms out and
// say so.

namespace promql {
namespace {

bool Mixed(const Window& window) { return !window.times.empty() && !window.histograms.empty(); }

// Says that histograms were left out, if any were.
void RemarkIgnored(const Window& window, RangeContext& context) {
  if (!window.histograms.empty()) {
    context.annotations.Inform(remark::HistogramIgnoredInMixedRange(context.metric()), context.where);
  }
}

// The first value of those that none of the others is better than; NaN only if there is nothing else.
template <class Better>
std::optional<double> Extreme(const Window& window, RangeContext& context, Better better) {
  if (window.values.empty()) return std::nullopt;
  RemarkIgnored(window, context);
  const auto numbers = std::ranges::find_if(window.values, [](double value) { return !std::isnan(value); });
  if (numbers == window.values.end()) return window.values.back();
  double best = *numbers;
  for (auto at = numbers + 1; at != window.values.end(); ++at) best = better(*at, best) ? *at : best;
  return best;
}

std::optional<double> Variance(const Window& window, RangeContext& context) {
  if (window.values.empty()) return std::nullopt;
  RemarkIgnored(window, context);
  CompensatedSum mean, squares;
  double count = 0;
  for (const double value : window.values) {
    count += 1;
    const double delta = value - (mean.sum + mean.lost);
    mean.Add(delta / count);
    squares.Add(delta * (value - (mean.sum + mean.lost)));
  }
  return (squares.sum + squares.lost) / count;
}

Point NumberOrNothing(std::optional<double> value) { return value ? Point::Number(*value) : Point(); }

}  // namespace

Point AvgOverTime(const Window& window, RangeContext& context) {
  if (Mixed(window)) {
    context.annotations.Warn(remark::MixedFloatsHistograms(context.metric()), context.where);
    return {};
  }
  if (window.values.empty()) return AverageOfHistograms(window.histograms, context);
  CompensatedMean mean;
  for (const double value : window.values) mean.Add(value);
  return Point::Number(mean.mean());
}

Point SumOverTime(const Window& window, RangeContext& context) {
  if (Mixed(window)) {
    context.annotations.Warn(remark::MixedFloatsHistograms(context.metric()), context.where);
    return {};
  }
  if (window.values.empty()) return SumOfHistograms(window.histograms, context);
  CompensatedSum sum;
  for (const double value : window.values) sum.Add(value);
  return Point::Number(sum.total());
}

Point CountOverTime(const Window& window, RangeContext&) {
  return Point::Number(static_cast<double>(window.times.size() + window.histograms.size()));
}

Point PresentOverTime(const Window&, RangeContext&) { return Point::Number(1); }

Point MinOverTime(const Window& window, RangeContext& context) {
  return NumberOrNothing(Extreme(window, context, [](double value, double best) { return value < best; }));
}

Point MaxOverTime(const Window& window, RangeContext& context) {
  return NumberOrNothing(Extreme(window, context, [](double value, double best) { return value > best; }));
}

Point StdvarOverTime(const Window& window, RangeContext& context) { return NumberOrNothing(Variance(window, context)); }

Point StddevOverTime(const Window& window, RangeContext& context) {
  const auto variance = Variance(window, context);
  return variance ? Point::Number(std::sqrt(*variance)) : Point();
}

Point QuantileOverTime(const Window& window, RangeContext& context) {
  if (window.values.empty()) return {};
  const double quantile = context.parameters[0];
  if (!(quantile >= 0 && quantile <= 1)) context.annotations.Warn(remark::InvalidQuantile(quantile), context.where);
  RemarkIgnored(window, context);
  std::vector<double> values(window.values.begin(), window.values.end());
  return Point::Number(Quantile(quantile, values));
}

Point MadOverTime(const Window& window, RangeContext& context) {
  if (window.values.empty()) return {};
  RemarkIgnored(window, context);
  std::vector<double> values(window.values.begin(), window.values.end());
  if (std::ranges::any_of(values, [](double v) { return std::isnan(v); })) {
    return Point::Number(std::numeric_limits<double>::quiet_NaN());
  }
  const double median = Quantile(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  return Point::Number(Quantile(0.5, values));
}

}  // namespace promql
