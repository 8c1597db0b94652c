#pragma once

#include "promql/range_window.h"

// The range functions by family; range_functions.cc has the table of all.

namespace promql {

// functions_over_time.cc
Point AvgOverTime(const Window& window, RangeContext& context);
Point SumOverTime(const Window& window, RangeContext& context);
Point CountOverTime(const Window& window, RangeContext& context);
Point MinOverTime(const Window& window, RangeContext& context);
Point MaxOverTime(const Window& window, RangeContext& context);
Point StddevOverTime(const Window& window, RangeContext& context);
Point StdvarOverTime(const Window& window, RangeContext& context);
Point QuantileOverTime(const Window& window, RangeContext& context);
Point MadOverTime(const Window& window, RangeContext& context);
Point PresentOverTime(const Window& window, RangeContext& context);
// functions_edges.cc
Point FirstOverTime(const Window& window, RangeContext& context);
Point LastOverTime(const Window& window, RangeContext& context);
Point TsOfFirstOverTime(const Window& window, RangeContext& context);
Point TsOfLastOverTime(const Window& window, RangeContext& context);
Point TsOfMinOverTime(const Window& window, RangeContext& context);
Point TsOfMaxOverTime(const Window& window, RangeContext& context);
Point Changes(const Window& window, RangeContext& context);
Point Resets(const Window& window, RangeContext& context);
// functions_rate.cc
Point Rate(const Window& window, RangeContext& context);
Point Increase(const Window& window, RangeContext& context);
Point Delta(const Window& window, RangeContext& context);
// functions_rate_instant.cc
Point Irate(const Window& window, RangeContext& context);
Point Idelta(const Window& window, RangeContext& context);
// functions_trend.cc
Point Deriv(const Window& window, RangeContext& context);
Point PredictLinear(const Window& window, RangeContext& context);
Point DoubleExponentialSmoothing(const Window& window, RangeContext& context);

// Whether a counter began anew between two samples, told by their start times (the epoch is unknown).
bool StartTimeReset(base::Timestamp previous_start, base::Timestamp previous, base::Timestamp start,
                    base::Timestamp time);
bool StartTimeOverlaps(base::Timestamp previous_start, base::Timestamp previous, base::Timestamp start);

}  // namespace promql
