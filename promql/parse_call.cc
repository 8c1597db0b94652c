#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parser_impl.h"

// What begins with a word: aggregations, function calls, and the lists of labels that follow `by` and `on`.

namespace promql::internal {
namespace {

AggregateOp AggregateOf(TokenKind kind) {
  return static_cast<AggregateOp>(static_cast<int>(kind) - static_cast<int>(TokenKind::sum));
}
static_assert(static_cast<int>(TokenKind::limit_ratio) - static_cast<int>(TokenKind::sum) ==
              static_cast<int>(AggregateOp::limit_ratio));

}  // namespace

// A word begins an aggregation, a function call or a selector; what follows it tells which.
base::Result<Built> Parser::WordExpression() {
  Lexer ahead = lexer_;  // stands behind the token looked at
  const TokenKind next = ahead.Next().kind;
  if (IsAggregation(token_.kind) &&
      (next == TokenKind::left_paren || next == TokenKind::by || next == TokenKind::without)) {
    return Aggregation();
  }
  if (CanBeFunction(token_.kind) && next == TokenKind::left_paren) return FunctionCall();
  return Selector();
}

base::Result<Built> Parser::Aggregation() {
  const Token name = Take();
  const ContextScope scope(*this, {"aggregation", ""});
  Aggregate aggregate;
  aggregate.op = AggregateOf(name.kind);
  TRY(const bool grouped, GroupingClause(aggregate));
  if (!Is(TokenKind::left_paren)) return Unexpected();
  TRY(std::vector<Built> arguments, Arguments());
  if (!grouped) {
    TRY(const bool after, GroupingClause(aggregate));
    static_cast<void>(after);
  }
  if (arguments.empty()) return FailAt(name.begin, "no arguments for aggregate expression provided");
  const size_t wanted = HasParameter(aggregate.op) ? 2 : 1;
  const bool experimental = aggregate.op == AggregateOp::limitk || aggregate.op == AggregateOp::limit_ratio;
  if (experimental && !options_.experimental_functions) {
    return FailAt(name.begin, fmt::format("{}() is experimental and must be enabled with "
                                          "--enable-feature=promql-experimental-functions",
                                          ToString(aggregate.op)));
  }
  if (arguments.size() != wanted) {
    return FailAt(name.begin, fmt::format("wrong number of arguments for aggregate expression provided, expected {}, "
                                          "got {}",
                                          wanted, arguments.size()));
  }
  int height = 0;
  for (const Built& argument : arguments) height = std::max(height, argument.height);
  if (wanted == 2) aggregate.parameter = std::move(arguments.front().expr);
  aggregate.expr = std::move(arguments.back().expr);
  return Finish(std::move(aggregate), name.begin, height + 1);
}

base::Result<bool> Parser::GroupingClause(Aggregate& aggregate) {
  if (!Is(TokenKind::by) && !Is(TokenKind::without)) return false;
  aggregate.without = Take().kind == TokenKind::without;
  TRY(aggregate.grouping, LabelList());
  return true;
}

base::Result<Built> Parser::FunctionCall() {
  const Token name = Take();
  TRY(std::vector<Built> arguments, Arguments());
  Call call;
  call.function = FindFunction(Text(name));
  if (call.function == nullptr) {
    return FailAt(name.begin, fmt::format("unknown function with name {}", base::Quote(Text(name))));
  }
  if (call.function->experimental && !options_.experimental_functions) {
    return FailAt(name.begin, fmt::format("function {} is not enabled", base::Quote(Text(name))));
  }
  int height = 0;
  for (Built& argument : arguments) {
    height = std::max(height, argument.height);
    call.arguments.push_back(std::move(argument.expr));
  }
  return Finish(std::move(call), name.begin, height + 1);
}

base::Result<std::vector<Built>> Parser::Arguments() {
  Take();  // (
  std::vector<Built> arguments;
  if (Accept(TokenKind::right_paren)) return arguments;
  while (true) {
    TRY(Built argument, Expression(0));
    arguments.push_back(std::move(argument));
    if (Accept(TokenKind::right_paren)) return arguments;
    if (!Is(TokenKind::comma)) return Unexpected();
    const Token comma = Take();
    if (!Is(TokenKind::error) && !BeginsExpression())
      return FailAt(comma.begin, "trailing commas not allowed in function call args");
  }
}

base::Result<std::vector<std::string>> Parser::LabelList() {
  if (!Accept(TokenKind::left_paren)) return Unexpected({"grouping opts", "\"(\""});
  std::vector<std::string> labels;
  while (!Accept(TokenKind::right_paren)) {
    TRY(std::string label, GroupingLabel());
    labels.push_back(std::move(label));
    if (Accept(TokenKind::right_paren)) break;
    if (!Accept(TokenKind::comma)) return Unexpected({"grouping opts", "\",\" or \")\""});
  }
  return labels;
}

base::Result<std::string> Parser::GroupingLabel() {
  const bool quoted = Is(TokenKind::string);
  if (!quoted && !CanBeLabelName(token_.kind)) return Unexpected({"grouping opts", "label"});
  const Token token = Take();
  std::string label = quoted ? Unquote(Text(token)) : std::string(Text(token));
  if (label.empty() || !base::IsValidUtf8(label)) {
    return FailAt(token.begin, fmt::format("invalid label name for grouping: {}", base::Quote(label)));
  }
  return label;
}

}  // namespace promql::internal
