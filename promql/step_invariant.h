#pragma once

#include "promql/ast.h"

namespace promql {

// Whether an expression has the same value at every step of a query: each of its selectors has an @ modifier and no
// function depends on the evaluation time. Prometheus evaluates such expressions once, at the first step, so warnings
// are raised once.
bool IsStepInvariant(const Expr& expr);

}  // namespace promql
