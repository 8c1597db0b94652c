#include "promql/sample_count.h"

#include <algorithm>
#include <utility>

#include "promql/evaluator.h"
#include "promql/histogram_math.h"
#include "promql/range_window.h"

namespace promql {
namespace {

struct Places {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};

Places Within(const std::vector<base::Timestamp>& times, base::Timestamp start, base::Timestamp end) {
  return {std::ranges::upper_bound(times, start) - times.begin(), std::ranges::upper_bound(times, end) - times.begin()};
}

int64_t CountWindow(const RangeSeries& series, base::Timestamp start, base::Timestamp end) {
  const Places numbers = Within(series.times, start, end);
  int64_t count = numbers.last - numbers.first;
  const Places histograms = Within(series.histogram_times, start, end);
  for (auto i = histograms.first; i < histograms.last; ++i) {
    count += SampleCost(*series.histograms[static_cast<size_t>(i)]);
  }
  return count;
}

}  // namespace

int64_t CountSamples(const Columns& columns) {
  int64_t count = 0;
  for (size_t row = 0; row < columns.size(); ++row) {
    const auto presence = columns.presence(row);
    for (size_t step = 0; step < presence.size(); ++step) {
      if (presence[step] == Presence::number) ++count;
      if (presence[step] == Presence::histogram) count += SampleCost(*columns.histogram(row, step));
    }
  }
  return count;
}

void CountWindows(SampleCounter& counter, size_t steps, RangeInput& input) {
  if (!counter.on) return;
  input.load = [&counter, steps, load = std::move(input.load), first = input.first_end, interval = input.end_interval,
                range = input.range](size_t index, RangeSeries& into) {
    load(index, into);
    int64_t count = 0;
    for (size_t step = 0; step < steps; ++step) {
      const base::Timestamp end = first + interval * static_cast<int64_t>(step);
      count += CountWindow(into, end - range, end);
    }
    counter.Add(count);
  };
}

}  // namespace promql
