#include "promql/step_invariant.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace promql {
namespace {

constexpr auto kOfTheStep = std::to_array<std::string_view>({
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "end",
    "hour",
    "minute",
    "month",
    "predict_linear",
    "range",
    "start",
    "step",
    "time",
    "timestamp",
    "year",
});

bool IsFixed(const TimeModifiers& modifiers) { return modifiers.at != AtKind::none; }

bool IsFixedSelector(const ExprPtr& expr) {
  const auto* selector = As<VectorSelector>(Unwrap(*expr));
  return selector != nullptr && IsFixed(selector->modifiers);
}

}  // namespace

bool IsStepInvariant(const Expr& expr) {
  if (const auto* selector = As<VectorSelector>(expr)) return IsFixed(selector->modifiers);
  if (const auto* matrix = As<MatrixSelector>(expr)) return IsFixed(matrix->selector.modifiers);
  if (const auto* subquery = As<Subquery>(expr)) return IsFixed(subquery->modifiers);
  if (const auto* call = As<Call>(expr); call != nullptr && std::ranges::count(kOfTheStep, call->function->name) > 0) {
    // the time of a sample is no time of the step
    return call->function->name == "timestamp" && std::ranges::all_of(call->arguments, IsFixedSelector);
  }
  return std::ranges::all_of(Children(expr), [](const Expr* child) { return IsStepInvariant(*child); });
}

}  // namespace promql
