#pragma once

#include <optional>
#include <string>
#include <vector>

#include "promql/engine.h"
#include "promql/script.h"
#include "promql/value.h"

namespace promql {

// What keeps a result from being what an eval command expects; nothing if it is.
std::optional<std::string> CheckResult(const EvalCommand& eval, const base::Result<QueryResult>& result);
// The value alone; annotations are of no account.
std::optional<std::string> CheckValue(const EvalCommand& eval, const Value& value);

// Equal within a millionth, as scripts compare; NaN equals NaN, a staleness marker only itself.
bool AlmostEqual(double a, double b);

// An instant query asked in other ways that must give the same answer: with `@` on every selector, at other times.
// None where the answer depends on when it is asked.
struct EvalVariant {
  ExprPtr expr;
  base::Timestamp time;
};
std::vector<EvalVariant> AtVariants(const EvalCommand& eval);

// Whether start(), end(), range() or step() is part of it, whose value a range query changes.
bool DependsOnQuery(const Expr& expr);

// Of a range query's result, what it has at one instant; what an instant query at that time would give.
Value AtInstant(const Value& value, base::Timestamp time, ValueType type);

}  // namespace promql
