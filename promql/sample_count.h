#pragma once

#include <cstddef>
#include <cstdint>

#include "promql/columns.h"

namespace promql {

struct RangeInput;
struct SampleCounter;

// The samples that are there in all rows and steps; a histogram counts as SampleCost says.
int64_t CountSamples(const Columns& columns);
// Makes `input.load` count the samples in the windows of each series it loads, if the counter is on. The counter
// outlives the input.
void CountWindows(SampleCounter& counter, size_t steps, RangeInput& input);

}  // namespace promql
