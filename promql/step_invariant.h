#pragma once

#include "promql/ast.h"

namespace promql {

// Whether an expression has the same value at every step of a query because all its selectors are fixed by @ or it has
// none, and no function asks for the time. Prometheus evaluates such an expression once, at the first step, which shows
// in what it remarks.
bool IsStepInvariant(const Expr& expr);

}  // namespace promql
