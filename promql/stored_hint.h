#pragma once

#include "store/sample.h"

namespace promql {

// A histogram with the counter reset hint that Prometheus' storage gives it when it is read back. It keeps a counter's
// histograms in chunks that a reset or another layout ends, and knows only that within a chunk there was no reset:
// not_reset for those that go on from `previous`, unknown for the others, gauge for gauges. `previous` is the sample
// before, null if that was none or a float. Null stays null.
store::HistogramPtr WithStoredHint(const store::HistogramPtr& previous, const store::HistogramPtr& histogram);

}  // namespace promql
