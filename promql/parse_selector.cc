#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/text.h"
#include "promql/parser_impl.h"

namespace promql::internal {
namespace {

VectorSelector* SelectorOf(Expr& expr) {
  if (auto* selector = std::get_if<VectorSelector>(&expr.node)) return selector;
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) return &matrix->selector;
  return nullptr;
}

std::optional<base::MatchType> MatchTypeOf(TokenKind kind) {
  switch (kind) {
    case TokenKind::assign:
      return base::MatchType::equal;
    case TokenKind::not_equal:
      return base::MatchType::not_equal;
    case TokenKind::regex_match:
      return base::MatchType::regex;
    case TokenKind::regex_no_match:
      return base::MatchType::not_regex;
    default:
      return std::nullopt;
  }
}

}  // namespace

TimeModifiers* ModifiersOf(Expr& expr) {
  if (VectorSelector* selector = SelectorOf(expr)) return &selector->modifiers;
  if (auto* subquery = std::get_if<Subquery>(&expr.node)) return &subquery->modifiers;
  return nullptr;
}

base::Result<Built> Parser::Selector() {
  const uint32_t begin = token_.begin;
  VectorSelector selector;
  if (!Is(TokenKind::left_brace)) selector.name = Text(Take());
  if (Accept(TokenKind::left_brace)) {
    TRY_VOID(Matchers(selector.matchers));
  }
  if (!selector.name.empty()) {
    selector.matchers.push_back(base::Matcher::Equal(std::string(base::kMetricName), selector.name));
  }
  return Finish(std::move(selector), begin, 1);
}

base::Result<void> Parser::Matchers(std::vector<base::Matcher>& matchers) {
  while (!Accept(TokenKind::right_brace)) {
    TRY(base::Matcher matcher, OneMatcher());
    matchers.push_back(std::move(matcher));
    if (Accept(TokenKind::right_brace)) return {};
    if (!Accept(TokenKind::comma)) return Unexpected({"label matching", "\",\" or \"}\""});
  }
  return {};
}

base::Result<base::Matcher> Parser::OneMatcher() {
  const bool quoted = Is(TokenKind::string);
  if (!quoted && !Is(TokenKind::identifier)) return Unexpected({"label matching", "identifier or \"}\""});
  const Token name_token = Take();
  std::string name = quoted ? Unquote(Text(name_token)) : std::string(Text(name_token));
  const auto type = MatchTypeOf(token_.kind);
  if (!type && quoted && (Is(TokenKind::comma) || Is(TokenKind::right_brace))) {
    return base::Matcher::Equal(std::string(base::kMetricName), std::move(name));
  }
  if (!type && quoted) return Unexpected({"label matching", "\",\" or \"}\""});
  if (!type) return Unexpected({"label matching", "label matching operator"});
  Take();
  if (!Is(TokenKind::string)) return Unexpected({"label matching", "string"});
  auto matcher = base::Matcher::Make(*type, std::move(name), Unquote(Text(Take())));
  if (!matcher) return FailAt(name_token.begin, matcher.error().message);
  return matcher;
}

base::Result<Built> Parser::Postfix(Built built) {
  while (true) {
    switch (token_.kind) {
      case TokenKind::left_bracket: {
        TRY(built, Brackets(std::move(built)));
        break;
      }
      case TokenKind::offset:
        TRY_VOID(Offset(*built.expr));
        break;
      case TokenKind::at:
        TRY_VOID(At(*built.expr));
        break;
      case TokenKind::anchored:
      case TokenKind::smoothed:
        TRY_VOID(Extend(*built.expr, Is(TokenKind::anchored)));
        break;
      default:
        return built;
    }
  }
}

base::Result<Built> Parser::Brackets(Built built) {
  const Token open = Take();
  const uint32_t begin = built.expr->range.begin;
  std::optional<ContextScope> scope;
  scope.emplace(*this, Context{"subquery or range selector", "number, duration, step(), or range()"});
  TRY(DurationValue range, BracketDuration());
  if (Accept(TokenKind::colon)) {
    Subquery subquery;
    subquery.range = std::move(range);
    if (!Is(TokenKind::right_bracket)) {
      scope.reset();
      scope.emplace(*this, Context{"subquery selector", "number, duration, step(), range(), or \"]\""});
      TRY(subquery.step, BracketDuration());
    }
    if (!Accept(TokenKind::right_bracket)) return Unexpected({"subquery selector", "\"]\""});
    subquery.expr = std::move(built.expr);
    return Finish(std::move(subquery), begin, built.height + 1);
  }
  if (!Accept(TokenKind::right_bracket)) return Unexpected({"subquery or range", "\":\" or \"]\""});
  auto* selector = std::get_if<VectorSelector>(&built.expr->node);
  if (selector == nullptr) return FailAt(open.begin, "ranges only allowed for vector selectors");
  const TimeModifiers& modifiers = selector->modifiers;
  if (modifiers.offset.fixed.count() != 0 || modifiers.offset.expr) {
    return FailAt(open.begin, "no offset modifiers allowed before range");
  }
  if (modifiers.at != AtKind::none) return FailAt(open.begin, "no @ modifiers allowed before range");
  return Finish(MatrixSelector{std::move(*selector), built.expr->range, std::move(range)}, begin, 1);
}

base::Result<void> Parser::Offset(Expr& expr) {
  Take();
  TRY(DurationValue offset, OffsetDuration());
  TimeModifiers* modifiers = ModifiersOf(expr);
  if (modifiers == nullptr) {
    return FailAt(expr.range.begin,
                  "offset modifier must be preceded by an instant vector selector or range vector selector or a "
                  "subquery");
  }
  if (modifiers->offset.fixed.count() != 0 || modifiers->offset.expr) {
    return FailAt(expr.range.begin, "offset may not be set multiple times");
  }
  modifiers->offset = std::move(offset);
  expr.range.end = last_end_;
  return {};
}

base::Result<void> Parser::At(Expr& expr) {
  Take();
  constexpr Context kContext = {"@", "timestamp"};
  AtKind kind = AtKind::timestamp;
  double seconds = 0;
  if (Is(TokenKind::start) || Is(TokenKind::end_word)) {
    kind = Take().kind == TokenKind::start ? AtKind::start : AtKind::end;
    if (!Accept(TokenKind::left_paren) || !Accept(TokenKind::right_paren)) return Unexpected(kContext);
  } else {
    const bool negative = Is(TokenKind::subtract);
    if (negative || Is(TokenKind::add)) Take();
    if (!Is(TokenKind::number) && !Is(TokenKind::duration)) return Unexpected(kContext);
    TRY(seconds, NumberValue(Take()));
    if (negative) seconds = -seconds;
    constexpr auto kLimit = static_cast<double>(std::numeric_limits<int64_t>::max());
    if (!(std::fabs(seconds) < kLimit)) {
      return FailAt(expr.range.begin,
                    fmt::format("timestamp out of bounds for @ modifier: {}",
                                std::isfinite(seconds) ? fmt::format("{:f}", seconds) : base::FormatFloat(seconds)));
    }
  }
  TimeModifiers* modifiers = ModifiersOf(expr);
  if (modifiers == nullptr) {
    return FailAt(expr.range.begin,
                  "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery");
  }
  if (modifiers->at != AtKind::none) return FailAt(expr.range.begin, "@ <timestamp> may not be set multiple times");
  modifiers->at = kind;
  if (kind == AtKind::timestamp) modifiers->timestamp = base::TimestampFromSeconds(seconds);
  expr.range.end = last_end_;
  return {};
}

base::Result<void> Parser::Extend(Expr& expr, bool anchored) {
  const std::string_view name = anchored ? "anchored" : "smoothed";
  Take();
  if (!options_.extended_range_selectors) {
    return FailAt(expr.range.begin, fmt::format("{} modifier is experimental and not enabled", name));
  }
  VectorSelector* selector = SelectorOf(expr);
  if (selector == nullptr) {
    const bool subquery = std::holds_alternative<Subquery>(expr.node);
    return FailAt(expr.range.begin, subquery ? fmt::format("{} modifier is not supported for subqueries", name)
                                             : fmt::format("{} modifier not implemented", name));
  }
  (anchored ? selector->anchored : selector->smoothed) = true;
  if (selector->anchored && selector->smoothed) {
    return FailAt(expr.range.begin, "anchored and smoothed modifiers cannot be used together");
  }
  return {};
}

}  // namespace promql::internal
