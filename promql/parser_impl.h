#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "promql/ast.h"
#include "promql/lexer.h"
#include "promql/parser.h"

// The parser's inside; only its .cc files include this.

namespace promql::internal {

// A node under construction. `height` counts the levels of the tree below and with it: long chains of operators make
// deep trees without deep recursion in the parser, but not without it in whoever walks them later.
struct Built {
  std::shared_ptr<Expr> expr;
  int height = 1;
};
struct BuiltDuration {
  std::shared_ptr<DurationExpr> expr;
  int height = 1;
};

// A Pratt parser: one table row per infix operator, postfix modifiers bind tightest, unary minus like `*`. The first
// error ends it.
class Parser {
 public:
  Parser(std::string_view text, const ParseOptions& options);

  base::Result<ExprPtr> WholeExpression();
  base::Result<VectorSelector> WholeSelector();

 private:
  // What an unexpected token is said to be in, and what would have been expected.
  struct Context {
    std::string_view where;
    std::string_view expected;
  };
  class ContextScope;
  struct Modifiers;

  // parser.cc
  base::Result<Built> Expression(int least_power);
  base::Result<Built> Prefix();
  base::Result<Built> Primary();
  base::Result<Built> Parenthesised();
  base::Result<Built> Number();
  base::Result<double> NumberValue(const Token& token);
  base::Result<Built> InfixOperation(Built left, BinaryOp op, int right_power);
  base::Result<void> BinaryModifiers(Binary& binary);
  base::Result<void> FillModifiers(VectorMatching& matching);
  base::Result<double> FillValue();
  base::Result<Built> WordExpression();
  base::Result<Built> Aggregation();
  base::Result<bool> GroupingClause(Aggregate& aggregate);
  base::Result<Built> FunctionCall();
  base::Result<std::vector<Built>> Arguments();
  base::Result<std::vector<std::string>> LabelList();
  base::Result<std::string> GroupingLabel();
  // parse_selector.cc
  base::Result<Built> Selector();
  base::Result<void> Matchers(std::vector<base::Matcher>& matchers);
  base::Result<base::Matcher> OneMatcher();
  base::Result<Built> Postfix(Built built);
  base::Result<Built> Brackets(Built built);
  base::Result<void> Offset(Expr& expr);
  base::Result<void> At(Expr& expr);
  base::Result<void> Extend(Expr& expr, bool anchored);
  // parse_duration.cc
  base::Result<DurationValue> BracketDuration();
  base::Result<DurationValue> OffsetDuration();
  base::Result<BuiltDuration> OffsetOperand();
  base::Result<BuiltDuration> Duration(int least_power);
  base::Result<BuiltDuration> DurationPrefix();
  BuiltDuration Signed(const Token& sign, BuiltDuration operand) const;
  base::Result<BuiltDuration> DurationPrimary();
  base::Result<BuiltDuration> DurationCall(TokenKind kind);
  base::Result<BuiltDuration> DurationOperation(BuiltDuration left, DurationExpr::Kind kind, BuiltDuration right,
                                                const Token& op);
  base::Result<DurationValue> Settle(const BuiltDuration& built);

  Token Take();
  bool Accept(TokenKind kind);
  bool Is(TokenKind kind) const { return token_.kind == kind; }
  bool BeginsExpression() const;
  std::string_view Text(const Token& token) const { return lexer_.TextOf(token); }
  SourceRange RangeOf(uint32_t begin, uint32_t end) const;
  SourceRange RangeOf(const Token& token) const { return RangeOf(token.begin, token.end); }
  std::unexpected<base::Error> Unexpected() const { return Unexpected(context_); }
  std::unexpected<base::Error> Unexpected(Context context) const;
  std::unexpected<base::Error> FailAt(uint32_t position, std::string text) const;
  base::Result<Built> Finish(Expr::Node node, uint32_t begin, int height) const;
  base::Result<void> Deeper();

  ParseOptions options_;
  Lexer lexer_;
  Token token_;            // the one looked at
  uint32_t last_end_ = 0;  // where the one before ended
  Context context_;
  int depth_ = 0;
  std::vector<uint32_t> line_breaks_;
};

// Says an innermost error context for as long as it lives.
class Parser::ContextScope {
 public:
  ContextScope(Parser& parser, Context context) : parser_(parser), saved_(parser.context_) {
    parser_.context_ = context;
  }
  ~ContextScope() { parser_.context_ = saved_; }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  Parser& parser_;
  Context saved_;
};

// The modifiers of a selector, range selector or subquery; null for anything else.
TimeModifiers* ModifiersOf(Expr& expr);

// Prometheus' type check of a whole tree; the first error found, in its order.
base::Result<void> CheckTypes(const Expr& expr);
std::unexpected<base::Error> ParseFailure(const SourceRange& range, std::string text);

}  // namespace promql::internal
