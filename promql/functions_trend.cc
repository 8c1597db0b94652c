#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "promql/numerics.h"
#include "promql/range_functions.h"

// Straight lines and smoothed trends through a window's floats.

namespace promql {
namespace {

struct Line {
  double slope = 0;
  double intercept = 0;
};

// Least squares, with time in seconds after `origin`.
Line LinearRegression(const Window& window, base::Timestamp origin) {
  CompensatedSum x_sum, y_sum, xy_sum, xx_sum;
  bool constant = true;
  for (size_t i = 0; i < window.values.size(); ++i) {
    const double y = window.values[i];
    const double x = base::ToSeconds(window.times[i] - origin);
    constant = constant && y == window.values.front();
    x_sum.Add(x);
    y_sum.Add(y);
    xy_sum.Add(x * y);
    xx_sum.Add(x * x);
  }
  if (window.values.size() == 1) constant = true;
  if (constant) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    const double y = window.values.front();
    return std::isinf(y) ? Line{kNaN, kNaN} : Line{0, y};
  }
  const auto count = static_cast<double>(window.values.size());
  const double x = x_sum.sum + x_sum.lost, y = y_sum.sum + y_sum.lost;
  const double covariance = xy_sum.sum + xy_sum.lost - x * y / count;
  const double variance = xx_sum.sum + xx_sum.lost - x * x / count;
  const double slope = covariance / variance;
  return {slope, y / count - slope * x / count};
}

// Fewer than two floats make no trend.
bool Enough(const Window& window, RangeContext& context) {
  if (!window.values.empty() && !window.histograms.empty()) {
    context.annotations.Inform(remark::HistogramIgnoredInMixedRange(context.metric()), context.where);
  }
  return window.values.size() >= 2;
}

}  // namespace

Point Deriv(const Window& window, RangeContext& context) {
  if (!Enough(window, context)) return {};
  return Point::Number(LinearRegression(window, window.times.front()).slope);
}

Point PredictLinear(const Window& window, RangeContext& context) {
  if (!Enough(window, context)) return {};
  const Line line = LinearRegression(window, window.now);
  return Point::Number(line.slope * context.parameters[0] + line.intercept);
}

Point DoubleExponentialSmoothing(const Window& window, RangeContext& context) {
  const auto [smoothing, trend_factor] = context.parameters;
  if (smoothing <= 0 || smoothing >= 1) {
    context.failure = fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}", smoothing);
    return {};
  }
  if (trend_factor <= 0 || trend_factor >= 1) {
    context.failure = fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend_factor);
    return {};
  }
  if (!Enough(window, context)) return {};
  const auto& values = window.values;
  double before = 0;
  double level = values[0];
  double trend = values[1] - values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    if (i > 1) trend = trend_factor * (level - before) + (1 - trend_factor) * trend;
    before = level;
    level = smoothing * values[i] + (1 - smoothing) * (level + trend);
  }
  return Point::Number(level);
}

}  // namespace promql
