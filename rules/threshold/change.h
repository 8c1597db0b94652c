#pragma once

#include <string>

#include "base/result.h"
#include "promql/ast.h"
#include "rules/threshold/threshold.h"

// Values compared with what they were. Pure functions.

namespace rules {

// The expression as it was so long ago: every selector of it with an offset. Fails on what has no such form: `@`, and
// functions of the current time.
base::Result<promql::ExprPtr> Earlier(const promql::Expr& expr, base::Duration ago);

// By how much the value of each series changed. A value that was 0 has changed by infinitely much of itself.
std::string ChangeExpression(const Threshold& threshold);

}  // namespace rules
