#include "rules/threshold/change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "promql/parser.h"
#include "rules/threshold/threshold_parts.h"

namespace rules {
namespace {

// Functions that, without an argument, tell of the time of the query.
constexpr std::array<std::string_view, 9> kClockFunctions = {
    "time", "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month", "year"};

bool IsFixed(const promql::TimeModifiers& modifiers) { return modifiers.at != promql::AtKind::none; }

base::Result<void> CheckMovable(const promql::Expr& expr) {
  std::string obstacle;
  promql::Walk(expr, [&](const promql::Expr& node) {
    if (const auto* call = promql::As<promql::Call>(node)) {
      const bool clock =
          call->arguments.empty() && std::ranges::find(kClockFunctions, call->function->name) != kClockFunctions.end();
      if (clock) obstacle = fmt::format("{}()", call->function->name);
    } else if (const auto* selector = promql::As<promql::VectorSelector>(node)) {
      if (IsFixed(selector->modifiers)) obstacle = "@";
    } else if (const auto* matrix = promql::As<promql::MatrixSelector>(node)) {
      if (IsFixed(matrix->selector.modifiers)) obstacle = "@";
    } else if (const auto* subquery = promql::As<promql::Subquery>(node)) {
      if (IsFixed(subquery->modifiers)) obstacle = "@";
    }
    return obstacle.empty();
  });
  if (obstacle.empty()) return {};
  return base::Invalid(fmt::format("an expression with {} cannot be asked for what it was", obstacle));
}

// A subquery is moved as a whole, with all that is in it.
promql::ExprPtr Moved(const promql::Expr& expr, base::Duration ago) {
  auto copy = std::make_shared<promql::Expr>(expr);
  if (auto* selector = std::get_if<promql::VectorSelector>(&copy->node)) {
    selector->modifiers.offset.fixed += ago;
  } else if (auto* matrix = std::get_if<promql::MatrixSelector>(&copy->node)) {
    matrix->selector.modifiers.offset.fixed += ago;
  } else if (auto* subquery = std::get_if<promql::Subquery>(&copy->node)) {
    subquery->modifiers.offset.fixed += ago;
  } else {
    for (promql::ExprPtr* slot : promql::ChildSlots(*copy)) *slot = Moved(**slot, ago);
  }
  return copy;
}

}  // namespace

base::Result<promql::ExprPtr> Earlier(const promql::Expr& expr, base::Duration ago) {
  TRY_VOID(CheckMovable(expr));
  return Moved(expr, ago);
}

std::string ChangeExpression(const Threshold& threshold) {
  const Change& change = threshold.change;
  const std::string then = Operand(*change.earlier);
  std::string difference = fmt::format("{} - {}", Operand(*threshold.value), then);
  if (change.either_way) {
    difference = fmt::format("abs({})", difference);
  } else if (change.relative) {
    difference = fmt::format("({})", difference);
  }
  if (!change.relative) return difference;
  return fmt::format("{} / abs({})", difference, promql::ToString(promql::Unwrap(*change.earlier)));
}

}  // namespace rules
