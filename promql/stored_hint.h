#pragma once

#include "store/sample.h"

namespace promql {

// A histogram with the counter reset hint that Prometheus' storage gives it when it is read back: unknown for the first
// of a series, after a float, a gauge or a staleness marker, and where the layout changed; reset where a bucket fell;
// else not_reset. `previous` is the sample before it, null if that was none or a float. Null stays null.
store::HistogramPtr WithStoredHint(const store::HistogramPtr& previous, const store::HistogramPtr& histogram);

}  // namespace promql
