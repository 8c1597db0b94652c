#include <algorithm>
#include <array>

#include "promql/parser_impl.h"

// Durations between brackets and after `offset`: a small language of their own, with the numbers' operators. Between
// brackets everything goes; after `offset` only one operand does, unless it starts with a parenthesis, so that
// `a offset 5m + b` stays a sum.

namespace promql::internal {
namespace {

using Kind = DurationExpr::Kind;

struct DurationInfix {
  TokenKind token;
  Kind kind;
  int power;
  bool right_associative = false;
};
constexpr int kMultiplyPower = 2;
constexpr std::array<DurationInfix, 6> kDurationInfix = {{
    {TokenKind::add, Kind::add, 1},
    {TokenKind::subtract, Kind::subtract, 1},
    {TokenKind::multiply, Kind::multiply, kMultiplyPower},
    {TokenKind::divide, Kind::divide, kMultiplyPower},
    {TokenKind::modulo, Kind::modulo, kMultiplyPower},
    {TokenKind::power, Kind::power, 3, true},
}};

const DurationInfix* FindInfix(TokenKind token) {
  for (const DurationInfix& infix : kDurationInfix) {
    if (infix.token == token) return &infix;
  }
  return nullptr;
}

bool OutOfRange(double seconds) {
  constexpr double kLimit = 9223372036.854775808;  // seconds in 63 bits of nanoseconds
  return seconds > kLimit || seconds < -kLimit;
}

}  // namespace

base::Result<DurationValue> Parser::BracketDuration() {
  TRY(const BuiltDuration built, Duration(0));
  if (built.expr->kind == Kind::number && !built.expr->parenthesised && built.expr->number <= 0) {
    return FailAt(built.expr->range.begin, "duration must be greater than 0");
  }
  return Settle(built);
}

base::Result<DurationValue> Parser::OffsetDuration() {
  const ContextScope scope(*this, {"offset", "number, duration, step(), or range()"});
  TRY(const BuiltDuration built, OffsetOperand());
  return Settle(built);
}

base::Result<BuiltDuration> Parser::OffsetOperand() {
  if (Is(TokenKind::left_paren)) return Duration(0);
  if (!Is(TokenKind::add) && !Is(TokenKind::subtract)) return DurationPrimary();
  const Token sign = Take();
  const bool signs = Is(TokenKind::add) || Is(TokenKind::subtract);
  TRY(BuiltDuration operand, signs ? Duration(kMultiplyPower + 1) : DurationPrimary());
  return Signed(sign, std::move(operand));
}

// A plain number is known now, everything else when the query runs.
base::Result<DurationValue> Parser::Settle(const BuiltDuration& built) {
  DurationValue value;
  if (built.expr->kind == Kind::number && !built.expr->parenthesised) {
    value.fixed = base::DurationFromSeconds(built.expr->number);
  } else {
    value.expr = built.expr;
  }
  return value;
}

base::Result<BuiltDuration> Parser::Duration(int least_power) {
  TRY_VOID(Deeper());
  TRY(BuiltDuration left, DurationPrefix());
  for (const DurationInfix* infix = FindInfix(token_.kind); infix != nullptr && infix->power >= least_power;
       infix = FindInfix(token_.kind)) {
    const Token op = Take();
    TRY(BuiltDuration right, Duration(infix->right_associative ? infix->power : infix->power + 1));
    TRY(left, DurationOperation(std::move(left), infix->kind, std::move(right), op));
  }
  --depth_;
  return left;
}

base::Result<BuiltDuration> Parser::DurationOperation(BuiltDuration left, Kind kind, BuiltDuration right,
                                                      const Token& op) {
  const bool zero = right.expr->kind == Kind::number && !right.expr->parenthesised && right.expr->number == 0;
  if (zero && kind == Kind::divide) return FailAt(op.begin, "division by zero");
  if (zero && kind == Kind::modulo) return FailAt(op.begin, "modulo by zero");
  const int height = std::max(left.height, right.height) + 1;
  if (height > 4 * options_.max_depth) return FailAt(op.begin, "expression has too many operators in a chain");
  auto expr = std::make_shared<DurationExpr>();
  expr->kind = kind;
  expr->range = RangeOf(left.expr->range.begin, right.expr->range.end);
  expr->left = std::move(left.expr);
  expr->right = std::move(right.expr);
  return BuiltDuration{std::move(expr), height};
}

base::Result<BuiltDuration> Parser::DurationPrefix() {
  if (!Is(TokenKind::add) && !Is(TokenKind::subtract)) return DurationPrimary();
  const Token sign = Take();
  TRY(BuiltDuration operand, Duration(kMultiplyPower + 1));
  return Signed(sign, std::move(operand));
}

BuiltDuration Parser::Signed(const Token& sign, BuiltDuration operand) const {
  if (sign.kind == TokenKind::add) return operand;
  if (operand.expr->kind == Kind::number && !operand.expr->parenthesised) {
    operand.expr->number = -operand.expr->number;
    operand.expr->range = RangeOf(sign.begin, operand.expr->range.end);
    return operand;
  }
  auto expr = std::make_shared<DurationExpr>();
  expr->kind = Kind::negate;
  expr->range = RangeOf(sign.begin, operand.expr->range.end);
  expr->left = std::move(operand.expr);
  return {std::move(expr), operand.height + 1};
}

base::Result<BuiltDuration> Parser::DurationPrimary() {
  switch (token_.kind) {
    case TokenKind::number:
    case TokenKind::duration: {
      const Token token = Take();
      auto expr = std::make_shared<DurationExpr>();
      TRY(expr->number, NumberValue(token));
      if (OutOfRange(expr->number)) return FailAt(token.begin, "duration out of range");
      expr->as_duration = token.kind == TokenKind::duration;
      expr->range = RangeOf(token);
      return BuiltDuration{std::move(expr), 1};
    }
    case TokenKind::step:
      return DurationCall(TokenKind::step);
    case TokenKind::range:
      return DurationCall(TokenKind::range);
    case TokenKind::min_of:
      return DurationCall(TokenKind::min_of);
    case TokenKind::max_of:
      return DurationCall(TokenKind::max_of);
    case TokenKind::left_paren: {
      Take();
      TRY(BuiltDuration inner, Duration(0));
      if (!Accept(TokenKind::right_paren)) return Unexpected();
      inner.expr->parenthesised = true;
      return inner;
    }
    default:
      return Unexpected();
  }
}

base::Result<BuiltDuration> Parser::DurationCall(TokenKind kind) {
  const Token name = Take();
  auto expr = std::make_shared<DurationExpr>();
  int height = 1;
  if (!Accept(TokenKind::left_paren)) return Unexpected();
  if (kind == TokenKind::step || kind == TokenKind::range) {
    expr->kind = kind == TokenKind::step ? Kind::step : Kind::range;
  } else {
    expr->kind = kind == TokenKind::min_of ? Kind::min_of : Kind::max_of;
    TRY(BuiltDuration left, Duration(0));
    if (!Accept(TokenKind::comma)) return Unexpected();
    TRY(BuiltDuration right, Duration(0));
    height = std::max(left.height, right.height) + 1;
    expr->left = std::move(left.expr);
    expr->right = std::move(right.expr);
  }
  if (!Accept(TokenKind::right_paren)) return Unexpected();
  expr->range = RangeOf(name.begin, last_end_);
  return BuiltDuration{std::move(expr), height};
}

}  // namespace promql::internal
