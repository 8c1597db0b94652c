#pragma once

#include <vector>

#include "base/histogram.h"
#include "promql/histogram_math.h"
#include "rules/remote/json_cursor.h"
#include "store/sample.h"

// Native histograms as Prometheus' HTTP API shows them: count, sum, and those buckets that count something, each with
// its bounds. The schema is not told; it is found from the bounds.

namespace rules {

// {"count":"10","sum":"3.5","buckets":[[0,"1","2","10"]]}; null after a mistake.
store::HistogramPtr ReadHistogram(JsonCursor& in);

// A float as Prometheus writes it, in quotes: "1", "NaN", "+Inf".
double ReadFloatText(JsonCursor& in);

// The histogram that has these buckets: exponential where one schema gives all their bounds, else with custom bounds.
// Bounds between buckets that count nothing are not known; the answer is then a histogram with the same buckets but
// without those. Answers do not say either whether a histogram counts up; results of rules nearly always are
// differences or rates, so that it is called a gauge.
base::FloatHistogram FromBuckets(double count, double sum, const std::vector<promql::Bucket>& buckets);

}  // namespace rules
