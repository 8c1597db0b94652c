#pragma once

#include <cstdint>
#include <optional>

#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/columns.h"

namespace promql {

// An operator between two numbers; comparisons give 0 or 1.
double ScalarOperation(BinaryOp op, double left, double right);

// What there is to remark about one pair of samples. Prometheus shows only the last remark of each step.
struct ElementRemark {
  enum class Kind : uint8_t { none, incompatible_types, incompatible_layout, reset_collision, reconciled_bounds };
  Kind kind = Kind::none;
  bool left_histogram = false;
  bool right_histogram = false;
};
void Report(const ElementRemark& remark, BinaryOp op, const SourceRange& where, AnnotationSet& annotations);

// An operator between two samples of instant vectors.
struct ElementResult {
  Point point;
  bool keep = true;  // of a comparison: whether it holds
};
// Nothing where the kinds of samples do not go together. `remark` is written only if there is something to remark.
std::optional<ElementResult> ElementOperation(BinaryOp op, const Point& left, const Point& right,
                                              ElementRemark& remark);

}  // namespace promql
