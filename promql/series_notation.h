#pragma once

#include <string_view>
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

// At most kMaxNotedValues values, so that `1x9999999999` is an error and not the end of the process.
inline constexpr size_t kMaxNotedValues = 10'000'000;
base::Result<NotedSeries> ParseNotedSeries(std::string_view text);
base::Result<std::vector<NotedValue>> ParseNotedValues(std::string_view text);
// A metric with labels alone; `rest`, if not null, gets what follows it.
base::Result<base::Labels> ParseMetric(std::string_view text, std::string_view* rest = nullptr);

}  // namespace promql
