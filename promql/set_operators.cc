#include <algorithm>
#include <vector>

#include "promql/vector_operation.h"

namespace promql {
namespace {

// At which steps any of the rows is present.
std::vector<bool> AnyPresent(const Columns& columns, const std::vector<size_t>& rows) {
  std::vector<bool> any(columns.steps());
  for (const size_t row : rows) {
    const auto presence = columns.presence(row);
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (presence[step] != Presence::none) any[step] = true;
    }
  }
  return any;
}

// Copies a row, but only where `mask` has the wanted value.
void CopyWhere(Columns& out, const Columns& from, size_t from_row, const std::vector<bool>& mask, bool wanted) {
  const size_t row = out.Add(from.row(from_row).labels, from.row(from_row).drop_name);
  out.CopyCells(row, from, from_row);
  for (size_t step = 0; step < out.steps(); ++step) {
    if (mask[step] != wanted) out.Clear(row, step);
  }
}

}  // namespace

base::Result<Columns> SetOperation(Evaluator& evaluator, const Binary& binary, const Columns& left,
                                   const Columns& right) {
  const std::vector<MatchGroup> groups = GroupByMatch(left, right, binary.matching);
  // results keep the order of the operands' series, so each row remembers its group
  std::vector<size_t> left_group(left.size()), right_group(right.size());
  std::vector<std::vector<bool>> left_present, right_present;
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const size_t row : groups[i].left) left_group[row] = i;
    for (const size_t row : groups[i].right) right_group[row] = i;
    left_present.push_back(AnyPresent(left, groups[i].left));
    right_present.push_back(AnyPresent(right, groups[i].right));
  }
  Columns out(left.steps());
  if (binary.op == BinaryOp::logical_or) {
    TRY_VOID(evaluator.Room(left.size() + right.size(), left.steps()));
    const std::vector<bool> everywhere(left.steps(), true);
    for (size_t row = 0; row < left.size(); ++row) CopyWhere(out, left, row, everywhere, true);
    for (size_t row = 0; row < right.size(); ++row) CopyWhere(out, right, row, left_present[right_group[row]], false);
    TRY_VOID(evaluator.CheckEqualRows(out));
  } else {
    const bool wanted = binary.op == BinaryOp::logical_and;
    for (size_t row = 0; row < left.size(); ++row) CopyWhere(out, left, row, right_present[left_group[row]], wanted);
  }
  out.DropEmptyRows();
  return out;
}

}  // namespace promql
