#pragma once

#include <cstdint>
#include <optional>

#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/columns.h"

namespace promql {

// An operator between two numbers; comparisons give 0 or 1.
double ScalarOperation(BinaryOp op, double left, double right);

// The warning or info raised by one pair of samples. Only the last one of each step is reported, as in Prometheus.
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
// Returns nullopt if the operator does not support the sample types. Sets `remark` only if there is one.
std::optional<ElementResult> ElementOperation(BinaryOp op, const Point& left, const Point& right,
                                              ElementRemark& remark);

}  // namespace promql
