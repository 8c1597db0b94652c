#include <algorithm>
#include <vector>

#include "promql/vector_operation.h"

namespace promql {
namespace {

using Flags = std::vector<bool>;  // one per step

// By group: at which steps any of its rows is present.
std::vector<Flags> PresentByGroup(const Columns& columns, const std::vector<size_t>& group_of, size_t groups) {
  std::vector<Flags> present(groups, Flags(columns.steps()));
  for (size_t row = 0; row < columns.size(); ++row) {
    const auto presence = columns.presence(row);
    Flags& any = present[group_of[row]];
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (presence[step] != Presence::none) any[step] = true;
    }
  }
  return present;
}

// Copies a row, but only where `mask` has the wanted value.
void CopyWhere(Columns& out, const Columns& from, size_t from_row, const Flags& mask, bool wanted) {
  const size_t row = out.Add(from.row(from_row).labels, from.row(from_row).drop_name);
  out.CopyCells(row, from, from_row);
  for (size_t step = 0; step < out.steps(); ++step) {
    if (mask[step] != wanted) out.Clear(row, step);
  }
}

}  // namespace

base::Result<Columns> SetOperation(Evaluator& evaluator, const Binary& binary, const Columns& left,
                                   const Columns& right) {
  const MatchGroups groups = GroupByMatch(left, right, binary.matching);
  Columns out(left.steps());
  if (binary.op == BinaryOp::logical_or) {
    TRY_VOID(evaluator.Room(left.size() + right.size(), left.steps()));
    const std::vector<Flags> left_present = PresentByGroup(left, groups.left, groups.count);
    const Flags everywhere(left.steps(), true);
    for (size_t row = 0; row < left.size(); ++row) CopyWhere(out, left, row, everywhere, true);
    for (size_t row = 0; row < right.size(); ++row) CopyWhere(out, right, row, left_present[groups.right[row]], false);
    TRY_VOID(evaluator.CheckEqualRows(out));
  } else {
    const std::vector<Flags> right_present = PresentByGroup(right, groups.right, groups.count);
    const bool wanted = binary.op == BinaryOp::logical_and;
    for (size_t row = 0; row < left.size(); ++row) CopyWhere(out, left, row, right_present[groups.left[row]], wanted);
  }
  out.DropEmptyRows();
  return out;
}

}  // namespace promql
