#include "rules/backtest/backtest_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/threshold/compile_threshold.h"

namespace rules {
namespace {

using promql::BinaryOp;

struct Operator {
  BinaryOp op;
  Comparison comparison;
  BinaryOp mirrored;  // with left and right changed over
};
constexpr std::array<Operator, 6> kOperators = {{
    {BinaryOp::greater, Comparison::above, BinaryOp::less},
    {BinaryOp::greater_or_equal, Comparison::at_least, BinaryOp::less_or_equal},
    {BinaryOp::less, Comparison::below, BinaryOp::greater},
    {BinaryOp::less_or_equal, Comparison::at_most, BinaryOp::greater_or_equal},
    {BinaryOp::equal, Comparison::equal, BinaryOp::equal},
    {BinaryOp::not_equal, Comparison::not_equal, BinaryOp::not_equal},
}};

bool IsNumber(const promql::Expr& expr) {
  const promql::Expr& inner = promql::Unwrap(expr);
  if (const auto* unary = promql::As<promql::Unary>(inner)) return IsNumber(*unary->expr);
  return promql::As<promql::NumberLiteral>(inner) != nullptr;
}

// A comparison read as value, operator, limit: `5 < x` is x > 5.
struct Reading {
  promql::ExprPtr value;
  Comparison comparison = Comparison::above;
};
Reading Read(const promql::Binary& binary) {
  const bool mirrored = IsNumber(*binary.left) && !IsNumber(*binary.right);
  const auto known = std::ranges::find(kOperators, binary.op, mirrored ? &Operator::mirrored : &Operator::op);
  return {mirrored ? binary.right : binary.left, known->comparison};
}

// "3" as "> 3".
std::string WithOperator(std::string_view limit, Comparison comparison) {
  const std::string_view text = base::Trim(limit);
  const bool bare = !text.empty() && std::string_view("<>=!").find(text.front()) == std::string_view::npos;
  return bare ? fmt::format("{} {}", ToString(comparison), text) : std::string(text);
}

Unit UnitFor(const WrittenLimit& written, Unit unit) {
  if (unit != Unit::none || !written.natural) return unit;
  return *written.natural;
}

}  // namespace

const promql::Expr* DecidingComparison(const promql::Expr& expr) {
  const promql::Expr& inner = promql::Unwrap(expr);
  const auto* binary = promql::As<promql::Binary>(inner);
  if (binary == nullptr) return nullptr;
  if (promql::IsComparison(binary->op)) return binary->return_bool ? nullptr : &inner;
  const bool narrowed = binary->op == BinaryOp::logical_and || binary->op == BinaryOp::logical_unless;
  return narrowed ? DecidingComparison(*binary->left) : nullptr;
}

bool LowIsWorse(const promql::Expr& expr) {
  const promql::Expr* const deciding = DecidingComparison(expr);
  return deciding != nullptr && Direction(Read(*promql::As<promql::Binary>(*deciding)).comparison) < 0;
}

base::Result<LimitedExpression> WithLimit(const promql::Expr& expr, std::string_view limit, Unit unit) {
  const promql::Expr* const deciding = DecidingComparison(expr);
  if (deciding == nullptr) {
    return base::Invalid(fmt::format(
        "{} does not end in one comparison, so there is no limit to replace by {}; put the whole expression "
        "into --expr",
        promql::ToString(expr), base::Quote(limit)));
  }
  const Reading reading = Read(*promql::As<promql::Binary>(*deciding));
  TRY(const WrittenLimit written, ParseLimit(WithOperator(limit, reading.comparison)));
  TRY(const Limit wanted, ConvertLimit(written, UnitFor(written, unit)));
  promql::Binary replaced;
  replaced.op = std::ranges::find(kOperators, wanted.comparison, &Operator::comparison)->op;
  replaced.left = reading.value;
  replaced.right = std::make_shared<const promql::Expr>(promql::Expr{promql::NumberLiteral{wanted.value}, {}});
  const promql::SourceRange place = deciding->range;
  const promql::ExprPtr changed = promql::Rewrite(expr, [&](promql::Expr& node) {
    const auto* binary = promql::As<promql::Binary>(node);
    if (binary != nullptr && promql::IsComparison(binary->op) && node.range == place) node.node = replaced;
  });
  return LimitedExpression{changed, wanted.text};
}

Unit UnitOf(const RuleGroup& group) {
  for (const Rule& rule : group.rules) {
    if (rule.name != kThresholdLimit) continue;
    const auto label = rule.labels.find("unit");
    if (label == rule.labels.end()) continue;
    if (const auto unit = ParseUnit(label->second)) return *unit;
  }
  return Unit::none;
}

}  // namespace rules
