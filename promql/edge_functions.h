#pragma once

#include <string_view>

#include "base/time.h"
#include "promql/columns.h"
#include "promql/rate_row.h"
#include "store/edges.h"

// Range functions that look at the ends of a window alone, and at where a counter began anew: what a series knows of
// its floats is enough, so they cost the same however many samples the window holds.

namespace promql {

struct EdgeWindow {  // (start, end]
  base::Timestamp start;
  base::Timestamp end;
};

struct EdgeFunction {
  std::string_view name;
  Point (*function)(const store::Edges& edges, const EdgeWindow& window);  // of at least one float
  bool falls = false;                                                      // whether it looks at the edges' falls
};

// Null if the function looks at more. The results are those of FindRangeFunction, bit by bit, of series of floats whose
// start times are unknown.
const EdgeFunction* FindEdgeFunction(std::string_view name);

// rate(), increase() and delta().
Point RateOf(const store::Edges& edges, const EdgeWindow& window, RateKind kind);

}  // namespace promql
