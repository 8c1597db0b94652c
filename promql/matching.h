#pragma once

#include <cstddef>
#include <vector>

#include "base/labels.h"
#include "promql/ast.h"
#include "promql/columns.h"

namespace promql {

// Which series of two vectors match: those whose labels agree as on() or ignoring() say have the same group. Computed
// once per series, whatever the number of steps.
struct MatchGroups {
  size_t count = 0;
  std::vector<size_t> left;   // the group of each row, below `count`
  std::vector<size_t> right;  // the same for the other side
};
MatchGroups GroupByMatch(const Columns& left, const Columns& right, const VectorMatching& matching);

// The labels two matching series have in common by on() or ignoring().
base::Labels MatchLabels(const base::Labels& labels, const VectorMatching& matching);

}  // namespace promql
