#pragma once

#include "promql/evaluator.h"
#include "promql/matching.h"

namespace promql {

// Operators between two instant vectors: arithmetic and comparisons, one to one or many to one.
base::Result<Columns> VectorOperation(Evaluator& evaluator, const Binary& binary, const SourceRange& where,
                                      const Columns& left, const Columns& right);
// and, or, unless.
base::Result<Columns> SetOperation(Evaluator& evaluator, const Binary& binary, const Columns& left,
                                   const Columns& right);

}  // namespace promql
