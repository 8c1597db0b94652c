#include <algorithm>
#include <cmath>
#include <optional>

#include "promql/histogram_math.h"
#include "promql/range_functions.h"

// What looks at the ends of a window, at its extremes' times, or from one sample to the next.

namespace promql {
namespace {

bool FirstIsHistogram(const Window& window) {
  if (window.histograms.empty()) return false;
  return window.times.empty() || window.histogram_times.front() <= window.times.front();
}

bool LastIsHistogram(const Window& window) {
  if (window.histograms.empty()) return false;
  return window.times.empty() || window.histogram_times.back() >= window.times.back();
}

template <class Better>
Point TimeOfExtreme(const Window& window, RangeContext& context, Better better) {
  if (window.values.empty()) return {};
  if (!window.histograms.empty()) {
    context.annotations.Inform(remark::HistogramIgnoredInMixedRange(context.metric()), context.where);
  }
  size_t best = 0;
  for (size_t i = 0; i < window.values.size(); ++i) {
    if (better(window.values[i], window.values[best]) || std::isnan(window.values[best])) best = i;
  }
  return Point::Number(base::ToSeconds(window.times[best]));
}

// A sample of either kind with its start time, for functions that compare neighbours.
struct Neighbour {
  base::Timestamp time;
  base::Timestamp start;
  double value = 0;
  const store::HistogramPtr* histogram = nullptr;
};

// How many neighbours in the window satisfy `differs`, floats and histograms taken in the order of time. With
// `anchored` the newest sample at or before the window's start counts as its first.
template <class Differs>
Point CountNeighbours(const Window& window, const RangeContext& context, Differs differs) {
  size_t next_float = 0, next_histogram = 0;
  if (context.extension == Extension::anchored) {
    const auto before = [&](std::span<const base::Timestamp> times) {
      return static_cast<size_t>(std::ranges::upper_bound(times, window.start) - times.begin());
    };
    const size_t floats = before(window.times), histograms = before(window.histogram_times);
    if (floats >= window.times.size() && histograms >= window.histogram_times.size()) return {};
    next_float = floats, next_histogram = histograms;
    const bool float_is_anchor =
        floats > 0 && (histograms == 0 || window.times[floats - 1] >= window.histogram_times[histograms - 1]);
    if (float_is_anchor) {
      --next_float;
    } else if (histograms > 0) {
      --next_histogram;
    }
  }
  std::optional<Neighbour> previous;
  int count = 0;
  while (next_float < window.times.size() || next_histogram < window.histograms.size()) {
    Neighbour current;
    const bool take_float =
        next_histogram >= window.histograms.size() ||
        (next_float < window.times.size() && window.times[next_float] < window.histogram_times[next_histogram]);
    if (take_float) {
      current.time = window.times[next_float];
      current.value = window.values[next_float];
      if (!window.start_times.empty()) current.start = window.start_times[next_float];
      ++next_float;
    } else {
      current.time = window.histogram_times[next_histogram];
      current.histogram = &window.histograms[next_histogram];
      if (!window.histogram_start_times.empty()) current.start = window.histogram_start_times[next_histogram];
      ++next_histogram;
    }
    if (previous && differs(*previous, current)) ++count;
    previous = current;
  }
  return Point::Number(count);
}

}  // namespace

Point FirstOverTime(const Window& window, RangeContext&) {
  return FirstIsHistogram(window) ? Point::Of(window.histograms.front()) : Point::Number(window.values.front());
}

Point LastOverTime(const Window& window, RangeContext&) {
  return LastIsHistogram(window) ? Point::Of(window.histograms.back()) : Point::Number(window.values.back());
}

Point TsOfFirstOverTime(const Window& window, RangeContext&) {
  return Point::Number(
      base::ToSeconds(FirstIsHistogram(window) ? window.histogram_times.front() : window.times.front()));
}

Point TsOfLastOverTime(const Window& window, RangeContext&) {
  return Point::Number(base::ToSeconds(LastIsHistogram(window) ? window.histogram_times.back() : window.times.back()));
}

Point TsOfMinOverTime(const Window& window, RangeContext& context) {
  return TimeOfExtreme(window, context, [](double value, double best) { return value <= best; });
}

Point TsOfMaxOverTime(const Window& window, RangeContext& context) {
  return TimeOfExtreme(window, context, [](double value, double best) { return value >= best; });
}

Point Changes(const Window& window, RangeContext& context) {
  return CountNeighbours(window, context, [](const Neighbour& before, const Neighbour& after) {
    if ((before.histogram == nullptr) != (after.histogram == nullptr)) return true;
    if (before.histogram != nullptr) return !EqualHistograms(**before.histogram, **after.histogram);
    return before.value != after.value && !(std::isnan(before.value) && std::isnan(after.value));
  });
}

Point Resets(const Window& window, RangeContext& context) {
  return CountNeighbours(window, context, [](const Neighbour& before, const Neighbour& after) {
    if ((before.histogram == nullptr) != (after.histogram == nullptr)) return true;
    if (StartTimeReset(before.start, before.time, after.start, after.time)) return true;
    if (before.histogram != nullptr) return DetectReset(**after.histogram, **before.histogram);
    return after.value < before.value;
  });
}

}  // namespace promql
