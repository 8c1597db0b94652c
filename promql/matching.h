#pragma once

#include <unordered_map>
#include <vector>

#include "base/labels.h"
#include "promql/ast.h"
#include "promql/columns.h"

namespace promql {

// Which series of two vectors belong together: those whose labels agree as on() or ignoring() say. Computed once per
// series, whatever the number of steps.
struct MatchGroup {
  std::vector<size_t> left;
  std::vector<size_t> right;
};
std::vector<MatchGroup> GroupByMatch(const Columns& left, const Columns& right, const VectorMatching& matching);

// The labels two matching series have in common by on() or ignoring().
base::Labels MatchLabels(const base::Labels& labels, const VectorMatching& matching);

}  // namespace promql
