#include "rules/threshold/compile_threshold.h"

#include <fmt/format.h>

#include <array>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/threshold/change.h"
#include "rules/threshold/overrides.h"
#include "rules/threshold/slo.h"
#include "rules/threshold/threshold_parts.h"

namespace rules {
namespace {

bool IsScalar(const Threshold& threshold) {
  return threshold.value && promql::TypeOf(*threshold.value) == promql::ValueType::scalar;
}

// Whether timestamps of 0 count as missing.
bool CoversNever(const Threshold& threshold) {
  return threshold.kind == Threshold::Kind::age && threshold.missing && !IsScalar(threshold);
}

// What an age is the age of: the latest timestamp of each group.
std::string Timestamps(const Threshold& threshold) {
  if (threshold.by.empty()) return Operand(*threshold.value);
  return fmt::format("max{}({})", ByClause(threshold.by), promql::ToString(promql::Unwrap(*threshold.value)));
}

// Whether an expression printed by ValueExpression needs parentheses before a comparison: the operators it may hold
// bind tighter than comparisons, except those a user's own expression brings.
bool NeedsParentheses(const Threshold& threshold) {
  if (threshold.kind != Threshold::Kind::value || !threshold.by.empty()) return false;
  const auto* binary = promql::As<promql::Binary>(*threshold.value);
  return binary != nullptr && (promql::IsComparison(binary->op) || promql::IsSetOperator(binary->op));
}

constexpr std::array<std::pair<std::string_view, LimitRole>, 3> kRoles = {{
    {"target", &Limits::target},
    {"warning", &Limits::warning},
    {"critical", &Limits::critical},
}};

// Older than any timestamp that is one: the age of 0, by which people record that something never happened.
constexpr std::string_view kNever = "1e9";

// How an alert's value reads to people, as a Prometheus template.
std::string ValueTemplate(const Threshold& threshold) {
  if (threshold.kind == Threshold::Kind::age && !CoversNever(threshold)) {
    return fmt::format("{{{{ if gt $value {} }}}}never{{{{ else }}}}{{{{ $value | humanizeDuration }}}}{{{{ end }}}}",
                       kNever);
  }
  switch (threshold.unit) {
    case Unit::none:
      return "{{ $value | humanize }}";
    case Unit::percent:
      return "{{ printf \"%.4g\" $value }}%";
    case Unit::ratio:
      return "{{ $value | humanizePercentage }}";
    case Unit::milliseconds:
      return "{{ printf \"%.4g\" $value }}ms";
    case Unit::seconds:
      return "{{ $value | humanizeDuration }}";
    case Unit::minutes:
      return "{{ printf \"%.4g\" $value }}m";
    case Unit::hours:
      return "{{ printf \"%.4g\" $value }}h";
    case Unit::days:
      return "{{ printf \"%.4g\" $value }}d";
    case Unit::bytes:
      return "{{ $value | humanize1024 }}B";
  }
  return "{{ $value }}";
}

// What a breach reads like, up to the limit.
std::string BreachText(const Threshold& threshold, const std::string& shown) {
  if (threshold.kind != Threshold::Kind::change) return fmt::format("{} is {}", Subject(threshold), shown);
  return fmt::format("{} changed by {} within {}", Subject(threshold), shown,
                     base::FormatDuration(threshold.change.over));
}

Rule BreachAlert(const Threshold& threshold, Severity severity, LimitRole role) {
  Rule rule = MakeAlert(threshold, severity);
  std::string expression;
  std::string limit_text;
  if (IsOverridden(threshold, role)) {
    expression = OverriddenBreach(threshold, role);
    limit_text = OverriddenText(threshold, role);
    rule.labels.emplace("threshold", "");
  } else {
    const Limit& limit = *(threshold.limits.*role);
    const std::string value = ValueExpression(threshold);
    expression = fmt::format("{} {} {}", NeedsParentheses(threshold) ? fmt::format("({})", value) : value,
                             ToString(limit.comparison), base::FormatFloat(limit.value));
    limit_text = limit.text;
  }
  rule.expression = WhileActive(threshold, severity, std::move(expression));
  const std::string shown = ValueTemplate(threshold);
  rule.annotations["value"] = shown;
  rule.annotations["limit"] = limit_text;
  rule.annotations["summary"] = !threshold.summary.empty() ? threshold.summary
                                                           : fmt::format("{} ({}: {})", BreachText(threshold, shown),
                                                                         ToString(severity), limit_text);
  return rule;
}

// What must be there.
const promql::Expr& Source(const Threshold& threshold) {
  switch (threshold.kind) {
    case Threshold::Kind::ratio:
      return promql::Unwrap(*threshold.total);
    case Threshold::Kind::slo:
      return promql::Unwrap(threshold.slo.total ? *threshold.slo.total : *threshold.slo.counted);
    case Threshold::Kind::value:
    case Threshold::Kind::age:
    case Threshold::Kind::change:
      break;
  }
  return promql::Unwrap(*threshold.value);
}

// Whether the threshold has one value only, which vanishes when everything does.
bool IsSingle(const Threshold& threshold) {
  if (!threshold.by.empty()) return false;
  if (threshold.kind == Threshold::Kind::ratio || threshold.kind == Threshold::Kind::slo) return true;
  const auto* aggregate = promql::As<promql::Aggregate>(Source(threshold));
  return aggregate != nullptr && aggregate->grouping.empty() && !aggregate->without && !HasParameter(aggregate->op);
}

Rule MissingRule(const Threshold& threshold, std::string_view condition, std::string expression,
                 std::string_view summary) {
  const Severity severity = threshold.missing->severity;
  Rule rule = MakeAlert(threshold, severity);
  rule.expression = WhileActive(threshold, severity, std::move(expression));
  rule.labels["condition"] = condition;
  rule.annotations["value"] = "no data";
  rule.annotations["limit"] = "must not be missing";
  rule.annotations["summary"] = summary;
  return rule;
}

Rule MissingAlert(const Threshold& threshold) {
  return MissingRule(threshold, "missing", fmt::format("absent({})", promql::ToString(Source(threshold))),
                     fmt::format("{} has no data", threshold.name));
}

// A plain selector is asked itself; of any other expression, what was recorded of it.
Rule VanishedAlert(const Threshold& threshold) {
  const auto* selector = promql::As<promql::VectorSelector>(Source(threshold));
  const bool plain = selector != nullptr && selector->modifiers.at == promql::AtKind::none &&
                     selector->modifiers.offset.fixed.count() == 0 && !selector->modifiers.offset.expr;
  const std::string now = plain ? promql::ToString(Source(threshold)) : RecordedValues(threshold);
  const std::string lookback = base::FormatDuration(threshold.missing->lookback);
  const std::string expression = threshold.by.empty()
                                     ? fmt::format("present_over_time({}[{}]) unless {}", now, lookback, now)
                                     : fmt::format("group{}(present_over_time({}[{}])) unless group{}({})",
                                                   ByClause(threshold.by), now, lookback, ByClause(threshold.by), now);
  Rule rule =
      MissingRule(threshold, "vanished", expression, fmt::format("{} has no data any more", Subject(threshold)));
  if (!plain && threshold.by.empty()) rule.labels.emplace("threshold", "");
  return rule;
}

Rule NeverAlert(const Threshold& threshold) {
  Rule rule = MissingRule(threshold, "never", fmt::format("{} == 0", Timestamps(threshold)),
                          fmt::format("{} is never: its timestamp is 0", Subject(threshold)));
  rule.annotations["value"] = "never";
  return rule;
}

Rule LimitSeries(const Threshold& threshold, std::string_view name, LimitRole role) {
  const Limit& limit = *AnyLimit(threshold, role);
  const std::string value = IsOverridden(threshold, role) ? OverriddenLimits(threshold, role)
                                                          : fmt::format("vector({})", base::FormatFloat(limit.value));
  Rule rule = MakeRecord(threshold, kThresholdLimit, value);
  rule.labels["limit"] = name;
  rule.labels["comparison"] = ToString(limit.comparison);
  if (threshold.unit != Unit::none) rule.labels["unit"] = ToString(threshold.unit);
  return rule;
}

// Which way the worst value lies, for `by`.
int WorstSide(const Threshold& threshold) {
  for (const LimitRole role : {&Limits::critical, &Limits::warning}) {
    if (const Limit* limit = AnyLimit(threshold, role)) return Direction(limit->comparison);
  }
  return 1;
}

// The worst of each group of series.
std::string Worst(const Threshold& threshold, const std::string& expression) {
  if (threshold.by.empty()) return expression;
  return fmt::format("{}{}({})", WorstSide(threshold) < 0 ? "min" : "max", ByClause(threshold.by), expression);
}

}  // namespace

std::string ValueExpression(const Threshold& threshold) {
  switch (threshold.kind) {
    case Threshold::Kind::value:
      if (IsScalar(threshold)) return fmt::format("vector({})", promql::ToString(promql::Unwrap(*threshold.value)));
      if (threshold.by.empty()) return promql::ToString(*threshold.value);
      return Worst(threshold, promql::ToString(promql::Unwrap(*threshold.value)));
    case Threshold::Kind::age:
      if (IsScalar(threshold)) return fmt::format("vector(time() - {})", Operand(*threshold.value));
      if (CoversNever(threshold)) return fmt::format("time() - ({} > 0)", Timestamps(threshold));
      return fmt::format("time() - {}", Timestamps(threshold));
    case Threshold::Kind::ratio:
      return ShareOf(threshold.by, *threshold.bad, *threshold.total, threshold.over);
    case Threshold::Kind::change:
      return Worst(threshold, ChangeExpression(threshold));
    case Threshold::Kind::slo:
      return ErrorRatio(threshold, threshold.slo.window);
  }
  return "";
}

RuleGroup CompileThreshold(const Threshold& threshold, std::string_view file) {
  RuleGroup group;
  group.file = file;
  group.name = threshold.name;
  group.interval = threshold.interval;
  group.threshold = true;
  group.where = threshold.where;
  group.rules.push_back(MakeRecord(threshold, kThresholdValue, ValueExpression(threshold)));
  for (const auto& [name, role] : kRoles) {
    if (AnyLimit(threshold, role) != nullptr) group.rules.push_back(LimitSeries(threshold, name, role));
  }
  if (threshold.active && !threshold.active->local_time.empty()) {
    Rule rule = MakeRecord(threshold, kThresholdLocalTime, threshold.active->local_time);
    rule.labels["time_zone"] = threshold.active->zone;
    group.rules.push_back(std::move(rule));
  }
  // critical first, so that within one evaluation it is told before the warning it silences
  if (AnyLimit(threshold, &Limits::critical) != nullptr) {
    group.rules.push_back(BreachAlert(threshold, Severity::critical, &Limits::critical));
  }
  if (AnyLimit(threshold, &Limits::warning) != nullptr) {
    group.rules.push_back(BreachAlert(threshold, Severity::warning, &Limits::warning));
  }
  if (threshold.kind == Threshold::Kind::slo) AppendSloRules(threshold, group);
  if (threshold.missing) {
    group.rules.push_back(MissingAlert(threshold));
    if (threshold.missing->lookback.count() > 0 && !IsSingle(threshold))
      group.rules.push_back(VanishedAlert(threshold));
    if (CoversNever(threshold)) group.rules.push_back(NeverAlert(threshold));
  }
  for (Rule& rule : group.rules) {
    // absent() is true because there is no data
    const bool missing = rule.labels.contains("condition") && rule.labels.at("condition") == "missing";
    if (rule.kind == RuleKind::alerting) rule.no_data = missing ? NoDataPolicy::resolve : threshold.no_data;
  }
  return group;
}

std::optional<Inhibition> ThresholdInhibition(const Threshold& threshold) {
  const bool slo = threshold.kind == Threshold::Kind::slo;
  const bool both =
      AnyLimit(threshold, &Limits::warning) != nullptr && AnyLimit(threshold, &Limits::critical) != nullptr;
  if (!both && !slo) return std::nullopt;
  Inhibition inhibition;
  inhibition.alertname = threshold.name;
  if (!threshold.by.empty() || threshold.kind == Threshold::Kind::ratio || slo || IsScalar(threshold)) {
    inhibition.equal = threshold.by;
  }
  return inhibition;
}

}  // namespace rules
