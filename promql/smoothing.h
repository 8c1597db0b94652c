#pragma once

#include <string_view>

#include "base/time.h"
#include "promql/annotations.h"
#include "promql/columns.h"
#include "store/sample.h"

namespace promql {

// The value of a `smoothed` instant selector at `time`: on the line between the samples before and after it, both at
// most `lookback` away; the one before where none follows.
Point SmoothedSample(const store::Samples& samples, base::Timestamp time, base::Duration lookback,
                     std::string_view metric, const SourceRange& where, AnnotationSet& annotations);

// The value at `time` on the line between two samples; where a counter was reset in between, the line starts at zero.
double Interpolate(base::Timestamp first_time, double first, base::Timestamp second_time, double second,
                   base::Timestamp time, bool counter);

}  // namespace promql
