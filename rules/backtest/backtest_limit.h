#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "promql/ast.h"
#include "rules/rule.h"
#include "rules/threshold/limit.h"

// Other limits for a rule that there is. Pure functions.

namespace rules {

// The comparison an expression makes its verdict by: the outermost one, or that on the left of `and` and `unless`
// (what stands on their right only says when). Null where there is none, as in `a > 1 or b > 1`.
const promql::Expr* DecidingComparison(const promql::Expr& expr);

// Whether smaller values are worse: the deciding comparison is < or <=.
bool LowIsWorse(const promql::Expr& expr);

struct LimitedExpression {
  promql::ExprPtr expr;
  std::string limit;  // for people: "> 5%"
};

// The expression with another limit in its deciding comparison: "> 3", ">= 10GiB", or "3" to keep the operator. A
// suffix is converted to the unit of the compared value; where that is none, to seconds, bytes or percent.
base::Result<LimitedExpression> WithLimit(const promql::Expr& expr, std::string_view limit, Unit unit);

// What the value of a threshold's rules is counted in: the group's limit series say so.
Unit UnitOf(const RuleGroup& group);

}  // namespace rules
