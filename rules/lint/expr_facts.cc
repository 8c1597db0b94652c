#include "rules/lint/expr_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/lint/function_facts.h"

namespace rules {
namespace {

using promql::As;
using promql::BinaryOp;
using promql::Expr;
using promql::ValueType;

bool IsScalar(const Expr& expr) { return promql::TypeOf(expr) == ValueType::scalar; }

std::string RangeText(const ValueRange& range) {
  if (range.least == range.most) return base::FormatFloat(range.least);
  if (range.most == std::numeric_limits<double>::infinity()) {
    return fmt::format("{} or more", base::FormatFloat(range.least));
  }
  if (range.least == -std::numeric_limits<double>::infinity()) {
    return fmt::format("{} or less", base::FormatFloat(range.most));
  }
  return fmt::format("from {} to {}", base::FormatFloat(range.least), base::FormatFloat(range.most));
}

class Examiner {
 public:
  ExprFacts Of(const Expr& expr);
  std::vector<DeadPart> TakeDead() { return std::move(dead_); }

 private:
  ExprFacts OfSelector(const promql::VectorSelector& selector, const promql::SourceRange& range);
  ExprFacts OfAggregate(const promql::Aggregate& aggregate);
  ExprFacts OfCall(const Expr& expr, const promql::Call& call);
  ExprFacts OfAbsent(const Expr& expr, const promql::Call& call, const ExprFacts& argument);
  ExprFacts OfBinary(const Expr& expr, const promql::Binary& binary);
  ExprFacts OfSet(const Expr& expr, const promql::Binary& binary, const ExprFacts& left, const ExprFacts& right);
  ExprFacts OfPair(const Expr& expr, const promql::Binary& binary, const ExprFacts& left, const ExprFacts& right);
  // The operator itself, between values whose presence is known already.
  void Apply(const Expr& expr, const promql::Binary& binary, const ExprFacts& left, const ExprFacts& right,
             ExprFacts& facts);
  void Die(const promql::SourceRange& range, std::string reason, ExprFacts& facts) {
    if (!facts.never) dead_.push_back({range, std::move(reason)});
    facts.never = true;
    facts.always = false;
  }

  std::vector<DeadPart> dead_;
};

ExprFacts Constant(double value) {
  return {.never = false, .always = true, .values = ValueRange::Exactly(value), .labels = LabelFacts::NoLabels()};
}

ExprFacts Examiner::Of(const Expr& expr) {
  if (const auto* number = As<promql::NumberLiteral>(expr)) return Constant(number->value);
  if (const auto* paren = As<promql::Paren>(expr)) return Of(*paren->expr);
  if (const auto* unary = As<promql::Unary>(expr)) {
    ExprFacts facts = Of(*unary->expr);
    if (unary->negative) facts.values = {-facts.values.most, -facts.values.least, facts.values.nan};
    return facts;
  }
  if (const auto* binary = As<promql::Binary>(expr)) return OfBinary(expr, *binary);
  if (const auto* aggregate = As<promql::Aggregate>(expr)) return OfAggregate(*aggregate);
  if (const auto* call = As<promql::Call>(expr)) return OfCall(expr, *call);
  if (const auto* selector = As<promql::VectorSelector>(expr)) return OfSelector(*selector, expr.range);
  if (const auto* matrix = As<promql::MatrixSelector>(expr))
    return OfSelector(matrix->selector, matrix->selector_range);
  if (const auto* subquery = As<promql::Subquery>(expr)) {
    ExprFacts facts = Of(*subquery->expr);
    facts.always = false;  // a short one may hold no step
    return facts;
  }
  return {.never = false, .always = true, .values = {}, .labels = LabelFacts::NoLabels()};  // a string
}

ExprFacts Examiner::OfSelector(const promql::VectorSelector& selector, const promql::SourceRange& range) {
  ExprFacts facts{.never = false, .always = false, .values = {}, .labels = LabelFacts::Of(selector)};
  std::map<std::string, std::vector<base::Matcher>> by_label;
  for (const base::Matcher& matcher : selector.matchers) by_label[matcher.name()].push_back(matcher);
  for (const auto& [name, matchers] : by_label) {
    const auto reason = Contradiction(matchers);
    if (!reason) continue;
    Die(range, reason->starts_with("nothing") ? *reason : fmt::format("no series has {}", *reason), facts);
    break;
  }
  return facts;
}

bool ChoosesSeries(promql::AggregateOp op) {
  using enum promql::AggregateOp;
  return op == topk || op == bottomk || op == limitk || op == limit_ratio;
}

ValueRange ValuesOf(const promql::Aggregate& aggregate, const ValueRange& inner, std::optional<double> parameter) {
  using enum promql::AggregateOp;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  switch (aggregate.op) {
    case sum:
      return {inner.least >= 0 ? inner.least : -kInfinity, inner.most <= 0 ? inner.most : kInfinity, true};
    case count:
    case count_values:
      return ValueRange::Between(1, kInfinity);
    case group:
      return ValueRange::Exactly(1);
    case stddev:
    case stdvar:
      return {0, kInfinity, true};
    case quantile:
      return parameter && *parameter >= 0 && *parameter <= 1 ? inner : ValueRange();
    case avg:
    case min:
    case max:
    case topk:
    case bottomk:
    case limitk:
    case limit_ratio:
      return inner;
  }
  return {};
}

ExprFacts Examiner::OfAggregate(const promql::Aggregate& aggregate) {
  ExprFacts facts = Of(*aggregate.expr);
  std::optional<double> parameter;
  if (aggregate.parameter) {
    const ExprFacts given = Of(*aggregate.parameter);
    if (given.values.constant()) parameter = given.values.least;
  }
  facts.values = ValuesOf(aggregate, facts.values, parameter);
  if (ChoosesSeries(aggregate.op)) {
    facts.always = false;
    return facts;
  }
  if (aggregate.without) {
    for (const std::string& name : aggregate.grouping) facts.labels.Remove(name);
  } else {
    facts.labels = facts.labels.Keep(aggregate.grouping);
  }
  if (aggregate.op == promql::AggregateOp::count_values) {
    const auto* name = As<promql::StringLiteral>(promql::Unwrap(*aggregate.parameter));
    if (name != nullptr) facts.labels.Forget(name->value);
  }
  return facts;
}

// absent() knows the labels that the selector's = matchers tell, each named once.
LabelFacts LabelsOfAbsent(const Expr& argument) {
  const Expr& inner = promql::Unwrap(argument);
  const promql::VectorSelector* selector = As<promql::VectorSelector>(inner);
  if (const auto* matrix = As<promql::MatrixSelector>(inner)) selector = &matrix->selector;
  LabelFacts labels = LabelFacts::NoLabels();
  if (selector == nullptr) return labels;
  for (const base::Matcher& matcher : selector->matchers) {
    const auto same = [&](const base::Matcher& other) { return other.name() == matcher.name(); };
    if (matcher.type() != base::MatchType::equal || std::ranges::count_if(selector->matchers, same) > 1) continue;
    labels.Set(matcher.name(), {matcher});
  }
  return labels;
}

ExprFacts Examiner::OfAbsent(const Expr& expr, const promql::Call& call, const ExprFacts& argument) {
  ExprFacts facts{.never = false,
                  .always = argument.never,
                  .values = ValueRange::Exactly(1),
                  .labels = LabelsOfAbsent(*call.arguments.front())};
  if (argument.always) Die(expr.range, "what it asks for is never absent", facts);
  return facts;
}

ExprFacts Examiner::OfCall(const Expr& expr, const promql::Call& call) {
  const std::string_view name = call.function->name;
  std::vector<ExprFacts> arguments;
  std::vector<ValueRange> values;
  const ExprFacts* vector = nullptr;  // the first argument that has series
  arguments.reserve(call.arguments.size());
  for (const promql::ExprPtr& argument : call.arguments) {
    arguments.push_back(Of(*argument));
    if (promql::TypeOf(*argument) != ValueType::string) values.push_back(arguments.back().values);
    const ValueType type = promql::TypeOf(*argument);
    if (vector == nullptr && (type == ValueType::vector || type == ValueType::matrix)) vector = &arguments.back();
  }
  if (name == "absent" || name == "absent_over_time") return OfAbsent(expr, call, arguments.front());
  ExprFacts facts{
      .never = false, .always = true, .values = RangeOfFunction(name, values), .labels = LabelFacts::NoLabels()};
  if (vector == nullptr || IsScalar(expr)) return facts;
  facts.never = vector->never;
  facts.always = vector->always && KeepsEverySample(name);
  facts.labels = vector->labels;
  const auto text = [&](size_t at) -> std::string {
    const auto* literal = at < call.arguments.size() ? As<promql::StringLiteral>(*call.arguments[at]) : nullptr;
    return literal == nullptr ? "" : literal->value;
  };
  if (name == "label_replace" || name == "label_join") facts.labels.Forget(text(1));
  if (name.starts_with("histogram_")) facts.labels.Remove("le");
  if (name == "histogram_quantiles") facts.labels = LabelFacts::Anything();
  if (name == "info") facts.labels = LabelFacts::Anything();
  return facts;
}

void Examiner::Apply(const Expr& expr, const promql::Binary& binary, const ExprFacts& left, const ExprFacts& right,
                     ExprFacts& facts) {
  if (!promql::IsComparison(binary.op)) {
    facts.values = Combine(binary.op, left.values, right.values);
    return;
  }
  const bool can = CanHold(binary.op, left.values, right.values);
  const bool must = MustHold(binary.op, left.values, right.values);
  if (binary.return_bool) {
    facts.values = ValueRange::Between(must ? 1 : 0, can ? 1 : 0);
    return;
  }
  // what is left is the side that has labels, or the left one
  facts.values = IsScalar(*binary.left) ? right.values : left.values;
  if (!must) facts.always = false;
  if (can) return;
  if (const ValueRange& any = left.values.constant() ? right.values : left.values; any == ValueRange()) {
    return Die(expr.range, fmt::format("{} is never true: no number is", promql::ToString(expr)), facts);
  }
  const bool swapped = left.values.constant() && !right.values.constant();
  const ValueRange& value = swapped ? right.values : left.values;
  const ValueRange& limit = swapped ? left.values : right.values;
  std::string reason =
      fmt::format("{} is never true: the value is always {}", promql::ToString(expr), RangeText(value));
  if (!limit.constant()) reason += fmt::format(", what it is compared with {}", RangeText(limit));
  Die(expr.range, std::move(reason), facts);
}

ExprFacts Examiner::OfBinary(const Expr& expr, const promql::Binary& binary) {
  const ExprFacts left = Of(*binary.left);
  const ExprFacts right = Of(*binary.right);
  if (promql::IsSetOperator(binary.op)) return OfSet(expr, binary, left, right);
  if (!IsScalar(*binary.left) && !IsScalar(*binary.right)) return OfPair(expr, binary, left, right);
  ExprFacts facts{.never = left.never || right.never,
                  .always = left.always && right.always,
                  .values = {},
                  .labels = IsScalar(*binary.left) ? right.labels : left.labels};
  Apply(expr, binary, left, right, facts);
  return facts;
}

ExprFacts Examiner::OfPair(const Expr& expr, const promql::Binary& binary, const ExprFacts& left,
                           const ExprFacts& right) {
  const promql::VectorMatching& matching = binary.matching;
  if (matching.fill_left || matching.fill_right) return {};
  const bool swap = matching.cardinality == promql::Cardinality::one_to_many;
  auto [labels, impossible] =
      LabelFacts::Match(swap ? right.labels : left.labels, swap ? left.labels : right.labels, matching);
  const bool alone = !left.labels.CanHaveAny() && !right.labels.CanHaveAny();
  ExprFacts facts{.never = left.never || right.never,
                  .always = left.always && right.always && alone,
                  .values = {},
                  .labels = std::move(labels)};
  if (impossible) Die(expr.range, fmt::format("its sides have no series in common: {}", *impossible), facts);
  if (matching.cardinality != promql::Cardinality::one_to_one) {
    const LabelFacts& one = swap ? left.labels : right.labels;
    for (const std::string& name : matching.include) facts.labels.Set(name, one.Conditions(name));
  } else if (matching.on) {
    facts.labels = facts.labels.Keep(matching.labels);
  } else {
    for (const std::string& name : matching.labels) facts.labels.Remove(name);
  }
  Apply(expr, binary, left, right, facts);
  return facts;
}

ExprFacts Examiner::OfSet(const Expr& expr, const promql::Binary& binary, const ExprFacts& left,
                          const ExprFacts& right) {
  if (binary.op == BinaryOp::logical_or) {
    return {.never = left.never && right.never,
            .always = left.always || right.always,
            .values = Hull(left.values, right.values),
            .labels = LabelFacts::Either(left.labels, right.labels)};
  }
  const bool joins_all = binary.matching.on && binary.matching.labels.empty();
  const bool alone = joins_all || (!left.labels.CanHaveAny() && !right.labels.CanHaveAny());
  ExprFacts facts = left;
  if (binary.op == BinaryOp::logical_unless) {
    facts.always = left.always && right.never;
    const bool same = promql::ToString(*binary.left) == promql::ToString(*binary.right);
    if (same || (alone && right.always)) Die(expr.range, "the right side takes all of the left away", facts);
    return facts;
  }
  auto [labels, impossible] = LabelFacts::Match(left.labels, right.labels, binary.matching);
  facts.never = left.never || right.never;
  facts.always = left.always && right.always && alone;
  facts.labels = std::move(labels);
  if (impossible) Die(expr.range, fmt::format("its sides have no series in common: {}", *impossible), facts);
  return facts;
}

}  // namespace

Examined Examine(const Expr& expr) {
  Examiner examiner;
  ExprFacts facts = examiner.Of(expr);
  Examined examined{std::move(facts), examiner.TakeDead()};
  std::ranges::stable_sort(examined.dead, {}, [](const DeadPart& part) { return part.range.begin; });
  return examined;
}

bool FiltersByValue(const Expr& expr) {
  const Expr& inner = promql::Unwrap(expr);
  if (const auto* binary = As<promql::Binary>(inner)) {
    if (promql::IsComparison(binary->op) && !binary->return_bool) return true;
    if (binary->op == BinaryOp::logical_or) return FiltersByValue(*binary->left) && FiltersByValue(*binary->right);
    if (promql::IsSetOperator(binary->op)) return true;
  }
  const std::vector<const Expr*> children = promql::Children(inner);
  return std::ranges::any_of(children, [](const Expr* child) { return FiltersByValue(*child); });
}

std::optional<double> ConstantOf(const Expr& expr) {
  const ExprFacts facts = Examine(expr).facts;
  return facts.always && facts.values.constant() ? std::optional(facts.values.least) : std::nullopt;
}

}  // namespace rules
