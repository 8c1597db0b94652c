#pragma once

#include <optional>
#include <string>

#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/columns.h"

namespace promql {

// An operator between two numbers; comparisons give 0 or 1.
double ScalarOperation(BinaryOp op, double left, double right);

// An operator between two samples of instant vectors.
struct ElementResult {
  Point point;
  bool keep = true;  // of a comparison: whether it holds
};
// Nothing where the kinds of samples do not go together; a remark says so.
std::optional<ElementResult> ElementOperation(BinaryOp op, const Point& left, const Point& right,
                                              const SourceRange& where, AnnotationSet& annotations);

}  // namespace promql
