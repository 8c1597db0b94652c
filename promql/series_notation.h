#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "store/sample.h"

namespace promql {

// The notation in which Prometheus' test files write series: a metric, then its samples, one per interval:
//   requests{job="a"} 1 2 3+1x4 _ _x3 stale {{schema:0 sum:1 count:2 buckets:[1 1]}}
// `a+bxN` is a and N further values, each b more; `axN` is a, N+1 times; `_` no sample, `_xN` N times none.
struct NotedValue {
  bool omitted = false;
  double value = 0;
  store::HistogramPtr histogram;
  bool hint_given = false;  // whether a histogram's counter_reset_hint was written down
};
struct NotedSeries {
  base::Labels labels;
  std::vector<NotedValue> values;
};

// `first`, then `more` further values, each of which differs from the one before by `step` or `change`.
struct NotedRun {
  NotedValue first;
  uint64_t more = 0;
  double step = 0;
  store::HistogramPtr change;  // for histograms; null leaves them as they are
  bool subtract = false;       // `change` is taken away
};

// The values of a series, expanded one at a time: memory is bounded by the text, whatever counts it holds. A value.
class NotedRuns {
 public:
  explicit NotedRuns(std::vector<NotedRun> runs = {}) : runs_(std::move(runs)) { Begin(); }
  // The next value; null at the end. Valid until the next call.
  const NotedValue* Next();

 private:
  void Begin();

  std::vector<NotedRun> runs_;
  size_t run_ = 0;
  uint64_t left_ = 0;  // values of this run behind value_
  bool fresh_ = true;  // value_ was not given yet
  NotedValue value_;
};
// Any number of values. Errors are those of ParseNotedValues except for the limit.
base::Result<NotedRuns> ParseNotedRuns(std::string_view text);

// At most kMaxNotedValues values, so that `1x9999999999` is an error and not the end of the process.
inline constexpr size_t kMaxNotedValues = 10'000'000;
base::Result<NotedSeries> ParseNotedSeries(std::string_view text);
base::Result<std::vector<NotedValue>> ParseNotedValues(std::string_view text);
// A metric with labels alone; `rest`, if not null, gets what follows it.
base::Result<base::Labels> ParseMetric(std::string_view text, std::string_view* rest = nullptr);

}  // namespace promql
