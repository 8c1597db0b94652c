#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parser_impl.h"

// Prometheus' type check: which kinds of values may stand where. The order of the checks is Prometheus', because it
// decides which of several errors a user sees.

namespace promql::internal {
namespace {

using Checked = base::Result<void>;

Checked CheckNode(const Expr& expr, bool needs_matcher);

Checked Expect(const Expr& expr, ValueType wanted, std::string_view context) {
  TRY_VOID(CheckNode(expr, true));
  const ValueType type = TypeOf(expr);
  if (type == wanted) return {};
  return ParseFailure(
      expr.range, fmt::format("expected type {} in {}, got {}", DocumentedName(wanted), context, DocumentedName(type)));
}

Checked CheckAggregate(const Aggregate& aggregate) {
  TRY_VOID(Expect(*aggregate.expr, ValueType::vector, "aggregation expression"));
  if (!aggregate.parameter) return {};
  const auto wanted = aggregate.op == AggregateOp::count_values ? ValueType::string : ValueType::scalar;
  return Expect(*aggregate.parameter, wanted, "aggregation parameter");
}

Checked CheckOperator(const Binary& binary, ValueType left, ValueType right) {
  const bool scalars = left == ValueType::scalar && right == ValueType::scalar;
  if (binary.return_bool && !IsComparison(binary.op)) {
    return ParseFailure(binary.op_range, "bool modifier can only be used on comparison operators");
  }
  if (IsComparison(binary.op) && !binary.return_bool && scalars) {
    return ParseFailure(binary.op_range, "comparisons between scalars must use BOOL modifier");
  }
  const VectorMatching& matching = binary.matching;
  for (const std::string& label : matching.labels) {
    if (matching.on && std::ranges::find(matching.include, label) != matching.include.end()) {
      return ParseFailure(binary.op_range,
                          fmt::format("label {} must not occur in ON and GROUP clause at once", base::Quote(label)));
    }
  }
  return {};
}

Checked CheckMatching(const Binary& binary, const SourceRange& range, bool vectors) {
  const VectorMatching& matching = binary.matching;
  const bool fills = matching.fill_left || matching.fill_right;
  if (!vectors) {
    if (!matching.labels.empty()) return ParseFailure(range, "vector matching only allowed between instant vectors");
    if (fills) return ParseFailure(range, "filling in missing series only allowed between instant vectors");
    return {};
  }
  if (!IsSetOperator(binary.op)) return {};
  if (matching.cardinality != Cardinality::many_to_many) {
    return ParseFailure(range, fmt::format("no grouping allowed for {} operation", base::Quote(ToString(binary.op))));
  }
  if (fills) return ParseFailure(range, "filling in missing series not allowed for set operators");
  return {};
}

Checked CheckBinary(const Binary& binary, const SourceRange& range) {
  TRY_VOID(CheckNode(*binary.left, true));
  TRY_VOID(CheckNode(*binary.right, true));
  const ValueType left = TypeOf(*binary.left);
  const ValueType right = TypeOf(*binary.right);
  TRY_VOID(CheckOperator(binary, left, right));
  for (const auto& [side, type] : {std::pair{binary.left.get(), left}, std::pair{binary.right.get(), right}}) {
    if (type == ValueType::scalar || type == ValueType::vector) continue;
    return ParseFailure(side->range, "binary expression must contain only scalar and instant vector types");
  }
  TRY_VOID(CheckMatching(binary, range, left == ValueType::vector && right == ValueType::vector));
  if (IsSetOperator(binary.op) && (left == ValueType::scalar || right == ValueType::scalar)) {
    return ParseFailure(range, fmt::format("set operator {} not allowed in binary scalar expression",
                                           base::Quote(ToString(binary.op))));
  }
  return {};
}

Checked CheckArgumentCount(const Call& call, const SourceRange& range) {
  const FunctionSignature& function = *call.function;
  const int given = static_cast<int>(call.arguments.size());
  const int known = function.arguments;
  const auto fail = [&](std::string_view how, int wanted) {
    return ParseFailure(range, fmt::format("expected {}{} argument(s) in call to {}, got {}", how, wanted,
                                           base::Quote(function.name), given));
  };
  if (function.variadic == 0) return given == known ? Checked() : fail("", known);
  const int least = known - 1;
  if (given < least) return fail("at least ", least);
  if (function.variadic > 0 && given > least + function.variadic) return fail("at most ", least + function.variadic);
  return {};
}

// info()'s second argument looks like a selector and is only its matchers.
Checked CheckInfoSelector(const Call& call, const SourceRange& range) {
  const Expr& argument = *call.arguments[1];
  if (TypeOf(argument) != ValueType::vector) {
    return ParseFailure(
        range, fmt::format("expected type {} in call to function {}, got {}", DocumentedName(ValueType::vector),
                           base::Quote(call.function->name), DocumentedName(TypeOf(argument))));
  }
  const auto* selector = As<VectorSelector>(argument);
  if (selector == nullptr) return ParseFailure(argument.range, "expected label selectors only");
  if (!selector->name.empty()) {
    return ParseFailure(argument.range, "expected label selectors only, got vector selector instead");
  }
  return {};
}

Checked CheckCall(const Call& call, const SourceRange& range) {
  const FunctionSignature& function = *call.function;
  TRY_VOID(CheckArgumentCount(call, range));
  const bool info = function.name == "info";
  if (info && call.arguments.size() > 1) TRY_VOID(CheckInfoSelector(call, range));
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const Expr& argument = *call.arguments[i];
    TRY_VOID(CheckNode(argument, !info || i != 1));
    const ValueType wanted = function.argument_types[std::min<size_t>(i, function.arguments - 1U)];
    const ValueType type = TypeOf(argument);
    if (type == wanted) continue;
    return ParseFailure(argument.range,
                        fmt::format("expected type {} in call to function {}, got {}", DocumentedName(wanted),
                                    base::Quote(function.name), DocumentedName(type)));
  }
  return {};
}

Checked CheckSelector(const VectorSelector& selector, const SourceRange& range, bool needs_matcher) {
  if (!selector.name.empty()) {
    for (size_t i = 0; i + 1 < selector.matchers.size(); ++i) {
      if (selector.matchers[i].name() != base::kMetricName) continue;
      return ParseFailure(range, fmt::format("metric name must not be set twice: {} or {}", base::Quote(selector.name),
                                             base::Quote(selector.matchers[i].value())));
    }
    return {};
  }
  const bool selects = std::ranges::any_of(selector.matchers, [](const auto& m) { return !m.MatchesEmpty(); });
  if (selects || !needs_matcher) return {};
  return ParseFailure(range, "vector selector must contain at least one non-empty matcher");
}

Checked CheckUnary(const Unary& unary, const SourceRange& range) {
  TRY_VOID(CheckNode(*unary.expr, true));
  const ValueType type = TypeOf(*unary.expr);
  if (type == ValueType::scalar || type == ValueType::vector) return {};
  return ParseFailure(range, fmt::format("unary expression only allowed on expressions of type scalar or instant "
                                         "vector, got {}",
                                         base::Quote(DocumentedName(type))));
}

Checked CheckSubquery(const Subquery& subquery, const SourceRange& range) {
  TRY_VOID(CheckNode(*subquery.expr, true));
  const ValueType type = TypeOf(*subquery.expr);
  if (type == ValueType::vector) return {};
  return ParseFailure(range, fmt::format("subquery is only allowed on instant vector, got {} instead", ToString(type)));
}

Checked CheckNode(const Expr& expr, bool needs_matcher) {
  if (const auto* aggregate = As<Aggregate>(expr)) return CheckAggregate(*aggregate);
  if (const auto* binary = As<Binary>(expr)) return CheckBinary(*binary, expr.range);
  if (const auto* call = As<Call>(expr)) return CheckCall(*call, expr.range);
  if (const auto* paren = As<Paren>(expr)) return CheckNode(*paren->expr, needs_matcher);
  if (const auto* unary = As<Unary>(expr)) return CheckUnary(*unary, expr.range);
  if (const auto* subquery = As<Subquery>(expr)) return CheckSubquery(*subquery, expr.range);
  if (const auto* matrix = As<MatrixSelector>(expr))
    return CheckSelector(matrix->selector, matrix->selector_range, true);
  if (const auto* selector = As<VectorSelector>(expr)) return CheckSelector(*selector, expr.range, needs_matcher);
  return {};
}

}  // namespace

base::Result<void> CheckTypes(const Expr& expr) { return CheckNode(expr, true); }

}  // namespace promql::internal
