#pragma once

#include <array>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "promql/annotations.h"
#include "promql/columns.h"
#include "store/sample.h"

namespace promql {

// The samples of one series that a range function sees at one step, staleness markers gone, floats and histograms
// apart. The window is open on the left: (start, end].
struct Window {
  std::span<const base::Timestamp> times;
  std::span<const double> values;
  std::span<const base::Timestamp> histogram_times;
  std::span<const store::HistogramPtr> histograms;
  std::span<const base::Timestamp> start_times;            // of the floats; empty where unknown
  std::span<const base::Timestamp> histogram_start_times;  // of the histograms; likewise
  base::Timestamp start;
  base::Timestamp end;
  base::Timestamp now;  // the step

  bool empty() const { return times.empty() && histogram_times.empty(); }
};

enum class Extension : uint8_t { none, anchored, smoothed };

// What a range function needs to know beside its window.
struct RangeContext {
  const base::Labels& labels;  // of the series, its name included
  const SourceRange& where;    // what remarks point at: the first argument
  AnnotationSet& annotations;
  base::Duration range;
  Extension extension = Extension::none;
  std::array<double, 2> parameters{};  // the scalar arguments at this step
  std::string failure;                 // set by a function that ends the query

  std::string_view metric() const { return labels.MetricName(); }
};

// Samples of one series, decoded once per query and cut into windows as the steps go on.
struct RangeSeries {
  base::Labels labels;
  bool drop_name = false;
  std::vector<base::Timestamp> times;
  std::vector<double> values;
  std::vector<base::Timestamp> histogram_times;
  std::vector<store::HistogramPtr> histograms;
  std::vector<base::Timestamp> start_times;
  std::vector<base::Timestamp> histogram_start_times;
  store::Samples read;  // room for `load` to read into

  void Clear();  // but for the labels, whose room is used again
  bool only_floats() const { return histogram_times.empty() && start_times.empty(); }
};

// The series of a range vector; lives no longer than the evaluator that made it. `load` decodes the one with the given
// number into a buffer that is used for the next one again; it may be called by several threads at once.
struct RangeInput {
  bool distinct_without_name = false;  // no two series differ only in what DropMetricLabels removes
  size_t size = 0;
  std::function<void(size_t index, RangeSeries& into)> load;
  base::Timestamp first_end;       // end of the first step's window
  base::Duration end_interval{0};  // how far it moves with each step
  base::Duration range{0};
  base::Duration before{0};  // what is read beyond the window on either side (anchored, smoothed)
  base::Duration after{0};
  Extension extension = Extension::none;
};

using RangeFunction = Point (*)(const Window& window, RangeContext& context);
// Null if the function does not take a range vector.
RangeFunction FindRangeFunction(std::string_view name);

}  // namespace promql
