#include "promql/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "promql/parser_impl.h"

namespace promql {
namespace internal {
namespace {

struct Infix {
  TokenKind token;
  BinaryOp op;
  int power;  // higher binds tighter
  bool right_associative = false;
};
constexpr int kMultiplyPower = 5;
constexpr auto kInfix = std::to_array<Infix>({
    {TokenKind::logical_or, BinaryOp::logical_or, 1},
    {TokenKind::logical_and, BinaryOp::logical_and, 2},
    {TokenKind::logical_unless, BinaryOp::logical_unless, 2},
    {TokenKind::equal, BinaryOp::equal, 3},
    {TokenKind::not_equal, BinaryOp::not_equal, 3},
    {TokenKind::less, BinaryOp::less, 3},
    {TokenKind::less_or_equal, BinaryOp::less_or_equal, 3},
    {TokenKind::greater, BinaryOp::greater, 3},
    {TokenKind::greater_or_equal, BinaryOp::greater_or_equal, 3},
    {TokenKind::trim_upper, BinaryOp::trim_upper, 3},
    {TokenKind::trim_lower, BinaryOp::trim_lower, 3},
    {TokenKind::add, BinaryOp::add, 4},
    {TokenKind::subtract, BinaryOp::subtract, 4},
    {TokenKind::multiply, BinaryOp::multiply, kMultiplyPower},
    {TokenKind::divide, BinaryOp::divide, kMultiplyPower},
    {TokenKind::modulo, BinaryOp::modulo, kMultiplyPower},
    {TokenKind::atan2, BinaryOp::atan2, kMultiplyPower},
    {TokenKind::power, BinaryOp::power, 6, true},
});

const Infix* FindInfix(TokenKind token) {
  const auto found = std::ranges::find(kInfix, token, &Infix::token);
  return found == kInfix.end() ? nullptr : &*found;
}

}  // namespace

std::unexpected<base::Error> ParseFailure(const SourceRange& range, std::string text) {
  return std::unexpected(
      base::Error{base::ErrorCode::invalid_argument, "parse error: " + std::move(text),
                  base::SourcePosition{"", static_cast<int>(range.line), static_cast<int>(range.column)}});
}

Parser::Parser(std::string_view text, const ParseOptions& options) : options_(options), lexer_(text) {
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    line_breaks_.push_back(static_cast<uint32_t>(at));
  }
  token_ = lexer_.Next();
}

Token Parser::Take() {
  const Token taken = token_;
  last_end_ = taken.end;
  token_ = lexer_.Next();
  return taken;
}

bool Parser::Accept(TokenKind kind) {
  if (!Is(kind)) return false;
  Take();
  return true;
}

bool Parser::BeginsExpression() const {
  switch (token_.kind) {
    case TokenKind::add:
    case TokenKind::subtract:
    case TokenKind::number:
    case TokenKind::duration:
    case TokenKind::string:
    case TokenKind::left_paren:
    case TokenKind::left_brace:
      return true;
    default:
      return CanBeMetricName(token_.kind);
  }
}

SourceRange Parser::RangeOf(uint32_t begin, uint32_t end) const {
  const auto breaks = std::ranges::lower_bound(line_breaks_, begin) - line_breaks_.begin();
  const uint32_t line_start = breaks == 0 ? 0 : line_breaks_[static_cast<size_t>(breaks) - 1] + 1;
  return {begin, end, static_cast<uint32_t>(breaks) + 1, begin - line_start + 1};
}

std::unexpected<base::Error> Parser::Unexpected(Context context) const {
  if (Is(TokenKind::error)) return FailAt(token_.begin, lexer_.error());
  std::string text = "unexpected " + lexer_.Describe(token_);
  if (!context.where.empty()) text += fmt::format(" in {}", context.where);
  if (!context.expected.empty()) text += fmt::format(", expected {}", context.expected);
  return FailAt(token_.begin, std::move(text));
}

std::unexpected<base::Error> Parser::FailAt(uint32_t position, std::string text) const {
  return ParseFailure(RangeOf(position, position), std::move(text));
}

base::Result<Built> Parser::Finish(Expr::Node node, uint32_t begin, int height) const {
  if (height > 4 * options_.max_depth) return FailAt(begin, "expression has too many operators in a chain");
  return Built{std::make_shared<Expr>(std::move(node), RangeOf(begin, last_end_)), height};
}

base::Result<void> Parser::Deeper() {
  if (++depth_ <= options_.max_depth) return {};
  return FailAt(token_.begin, fmt::format("expression is nested more than {} levels deep", options_.max_depth));
}

base::Result<ExprPtr> Parser::WholeExpression() {
  if (Is(TokenKind::end)) return FailAt(0, "no expression found in input");
  TRY(Built built, Expression(0));
  if (!Is(TokenKind::end)) return Unexpected();
  TRY_VOID(CheckTypes(*built.expr));
  return ExprPtr(std::move(built.expr));
}

base::Result<VectorSelector> Parser::WholeSelector() {
  if (!CanBeMetricName(token_.kind) && !Is(TokenKind::left_brace)) return Unexpected();
  TRY(const Built built, Selector());
  if (!Is(TokenKind::end)) return Unexpected();
  return std::move(std::get<VectorSelector>(built.expr->node));
}

base::Result<Built> Parser::Expression(int least_power) {
  TRY_VOID(Deeper());
  TRY(Built left, Prefix());
  for (const Infix* infix = FindInfix(token_.kind); infix != nullptr && infix->power >= least_power;
       infix = FindInfix(token_.kind)) {
    const int right_power = infix->right_associative ? infix->power : infix->power + 1;
    TRY(left, InfixOperation(std::move(left), infix->op, right_power));
  }
  --depth_;
  return left;
}

base::Result<Built> Parser::Prefix() {
  if (!Is(TokenKind::add) && !Is(TokenKind::subtract)) {
    TRY(Built primary, Primary());
    return Postfix(std::move(primary));
  }
  const Token sign = Take();
  const bool negative = sign.kind == TokenKind::subtract;
  TRY(Built operand, Expression(kMultiplyPower + 1));
  if (auto* literal = std::get_if<NumberLiteral>(&operand.expr->node)) {
    if (negative) literal->value = -literal->value;
    operand.expr->range = RangeOf(sign.begin, operand.expr->range.end);
    return operand;
  }
  return Finish(Unary{negative, std::move(operand.expr)}, sign.begin, operand.height + 1);
}

base::Result<Built> Parser::Primary() {
  switch (token_.kind) {
    case TokenKind::number:
    case TokenKind::duration:
      return Number();
    case TokenKind::string: {
      const Token token = Take();
      return Finish(StringLiteral{Unquote(Text(token))}, token.begin, 1);
    }
    case TokenKind::left_paren:
      return Parenthesised();
    case TokenKind::left_brace:
      return Selector();
    default:
      return CanBeMetricName(token_.kind) ? WordExpression() : base::Result<Built>(Unexpected());
  }
}

base::Result<Built> Parser::Parenthesised() {
  const Token open = Take();
  TRY(Built inner, Expression(0));
  if (!Accept(TokenKind::right_paren)) return Unexpected();
  return Finish(Paren{std::move(inner.expr)}, open.begin, inner.height + 1);
}

base::Result<Built> Parser::Number() {
  const Token token = Take();
  TRY(const double value, NumberValue(token));
  return Finish(NumberLiteral{value, token.kind == TokenKind::duration}, token.begin, 1);
}

base::Result<double> Parser::NumberValue(const Token& token) {
  const std::string_view text = Text(token);
  if (token.kind == TokenKind::duration) {
    const auto duration = base::ParseDuration(text);
    if (!duration) return FailAt(token.begin, duration.error().message);
    return base::ToSeconds(*duration);
  }
  const auto bad = [&](std::string_view why) {
    return FailAt(token.begin,
                  fmt::format("error parsing number: strconv.ParseFloat: parsing {}: {}", base::Quote(text), why));
  };
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') digits += text[i];
    if (text[i] == '_' && i + 1 == text.size()) return bad("invalid syntax");
  }
  // a leading zero makes an integer octal, unless it can't be one
  const bool octal = digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of("01234567") == std::string::npos;
  if (octal) {
    double value = 0;
    for (const char c : digits) value = value * 8 + (c - '0');
    return value;
  }
  // hexadecimal numbers are whole
  const bool fraction = digits.size() > 1 && (digits[1] == 'x' || digits[1] == 'X') && digits.contains('.');
  const auto value = base::ParseFloat(digits);
  if (!value || fraction) return bad("invalid syntax");
  const bool written_infinite = base::ToLower(digits).starts_with("inf");
  if (std::isinf(*value) && !written_infinite) return bad("value out of range");
  return *value;
}

base::Result<Built> Parser::InfixOperation(Built left, BinaryOp op, int right_power) {
  const Token token = Take();
  Binary binary;
  binary.op = op;
  TRY_VOID(BinaryModifiers(binary));
  binary.op_range = RangeOf(token.begin, last_end_);
  TRY(Built right, Expression(right_power));
  const uint32_t begin = left.expr->range.begin;
  const bool fills = binary.matching.fill_left || binary.matching.fill_right;
  if (fills && !options_.binop_fill_modifiers) {
    return FailAt(begin, "binop fill modifiers are experimental and not enabled");
  }
  if (IsSetOperator(op) && binary.matching.cardinality == Cardinality::one_to_one) {
    binary.matching.cardinality = Cardinality::many_to_many;
  }
  binary.left = std::move(left.expr);
  binary.right = std::move(right.expr);
  return Finish(std::move(binary), begin, std::max(left.height, right.height) + 1);
}

base::Result<void> Parser::BinaryModifiers(Binary& binary) {
  VectorMatching& matching = binary.matching;
  binary.return_bool = Accept(TokenKind::bool_);
  if (Is(TokenKind::on) || Is(TokenKind::ignoring)) {
    matching.on = Take().kind == TokenKind::on;
    TRY(matching.labels, LabelList());
    if (Is(TokenKind::group_left) || Is(TokenKind::group_right)) {
      matching.cardinality = Take().kind == TokenKind::group_left ? Cardinality::many_to_one : Cardinality::one_to_many;
      if (Is(TokenKind::left_paren) || !BeginsExpression()) {
        TRY(matching.include, LabelList());
      }
    }
  }
  return FillModifiers(matching);
}

base::Result<void> Parser::FillModifiers(VectorMatching& matching) {
  if (Accept(TokenKind::fill)) {
    TRY(const double value, FillValue());
    matching.fill_left = matching.fill_right = value;
    return {};
  }
  for (bool again = true; again;) {
    again = false;
    for (auto [kind, value] : {std::pair{TokenKind::fill_left, &matching.fill_left},
                               std::pair{TokenKind::fill_right, &matching.fill_right}}) {
      if (*value || !Accept(kind)) continue;
      TRY(*value, FillValue());
      again = true;
    }
  }
  return {};
}

base::Result<double> Parser::FillValue() {
  if (!Accept(TokenKind::left_paren)) return Unexpected();
  const bool negative = Is(TokenKind::subtract);
  if (negative || Is(TokenKind::add)) Take();
  if (!Is(TokenKind::number) && !Is(TokenKind::duration)) return Unexpected();
  TRY(const double value, NumberValue(Take()));
  if (!Accept(TokenKind::right_paren)) return Unexpected();
  return negative ? -value : value;
}

}  // namespace internal

base::Result<ExprPtr> Parse(std::string_view text, const ParseOptions& options) {
  constexpr size_t kMaxBytes = 64 << 20;
  if (text.size() > kMaxBytes) return internal::ParseFailure({}, "expression is larger than 64 MiB");
  return internal::Parser(text, options).WholeExpression();
}

base::Result<std::vector<base::Matcher>> ParseSelector(std::string_view text) {
  TRY(VectorSelector selector, internal::Parser(text, {}).WholeSelector());
  return std::move(selector.matchers);
}

std::string ErrorText(const base::Error& error) {
  if (!error.where) return error.message;
  return fmt::format("{}:{}: {}", error.where->line, error.where->column, error.message);
}

}  // namespace promql
