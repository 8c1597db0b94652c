#include "rules/compile_threshold.h"

#include <fmt/format.h>

#include "base/labels.h"
#include "base/text.h"
#include "promql/parser.h"

namespace rules {
namespace {

std::string LabelName(const std::string& name) { return base::IsLegacyLabelName(name) ? name : base::Quote(name); }

std::string By(const std::vector<std::string>& labels) {
  if (labels.empty()) return "";
  std::vector<std::string> names;
  for (const std::string& label : labels) names.push_back(LabelName(label));
  return fmt::format(" by ({}) ", base::Join(names, ", "));
}

// As an operand: in parentheses unless it holds together by itself.
std::string Operand(const promql::Expr& expr) {
  const bool loose = promql::As<promql::Binary>(expr) != nullptr || promql::As<promql::Unary>(expr) != nullptr;
  return loose ? fmt::format("({})", promql::ToString(expr)) : promql::ToString(expr);
}

std::string SumOf(const Threshold& threshold, const promql::Expr& counted) {
  std::string events = promql::ToString(promql::Unwrap(counted));
  if (threshold.over) events = fmt::format("rate({}[{}])", events, base::FormatDuration(*threshold.over));
  return fmt::format("sum{}({})", By(threshold.by), events);
}

// Whether an expression printed by ValueExpression needs parentheses before a comparison: the operators it may hold
// bind tighter than comparisons, except those a user's own expression brings.
bool NeedsParentheses(const Threshold& threshold) {
  if (threshold.kind != Threshold::Kind::value || !threshold.by.empty()) return false;
  const auto* binary = promql::As<promql::Binary>(*threshold.value);
  return binary != nullptr && (promql::IsComparison(binary->op) || promql::IsSetOperator(binary->op));
}

// How an alert's value reads to people, as a Prometheus template.
std::string ValueTemplate(Unit unit) {
  switch (unit) {
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

// "AirbyteSyncStale (tenant {{ $labels.tenant }})"
std::string Subject(const Threshold& threshold) {
  std::vector<std::string> parts;
  for (const std::string& label : threshold.by) {
    const std::string value = base::IsLegacyLabelName(label) ? fmt::format("$labels.{}", label)
                                                             : fmt::format("index $labels {}", base::Quote(label));
    parts.push_back(fmt::format("{} {{{{ {} }}}}", label, value));
  }
  return parts.empty() ? threshold.name : fmt::format("{} ({})", threshold.name, base::Join(parts, ", "));
}

TextMap CommonAnnotations(const Threshold& threshold) {
  TextMap annotations;
  if (!threshold.description.empty()) annotations["description"] = threshold.description;
  if (!threshold.runbook.empty()) annotations["runbook_url"] = threshold.runbook;
  return annotations;
}

Rule Alert(const Threshold& threshold, Severity severity) {
  Rule rule;
  rule.kind = RuleKind::alerting;
  rule.name = threshold.name;
  rule.hold = threshold.hold;
  rule.keep_firing_for = threshold.keep_firing_for;
  rule.labels = threshold.labels;
  rule.labels["severity"] = ToString(severity);
  rule.annotations = CommonAnnotations(threshold);
  rule.where = threshold.where;
  return rule;
}

Rule BreachAlert(const Threshold& threshold, Severity severity, const Limit& limit) {
  Rule rule = Alert(threshold, severity);
  const std::string value = ValueExpression(threshold);
  rule.expression = fmt::format("{} {} {}", NeedsParentheses(threshold) ? fmt::format("({})", value) : value,
                                ToString(limit.comparison), base::FormatFloat(limit.value));
  const std::string shown = ValueTemplate(threshold.unit);
  rule.annotations["value"] = shown;
  rule.annotations["limit"] = limit.text;
  rule.annotations["summary"] = !threshold.summary.empty() ? threshold.summary
                                                           : fmt::format("{} is {} ({}: {})", Subject(threshold), shown,
                                                                         ToString(severity), limit.text);
  return rule;
}

Rule MissingAlert(const Threshold& threshold, Severity severity) {
  Rule rule = Alert(threshold, severity);
  const promql::Expr& source = threshold.kind == Threshold::Kind::ratio ? *threshold.total : *threshold.value;
  const std::string text = promql::ToString(promql::Unwrap(source));
  rule.expression = fmt::format("absent({})", text);
  rule.labels["condition"] = "missing";
  rule.annotations["value"] = "no data";
  rule.annotations["limit"] = "must not be missing";
  rule.annotations["summary"] = fmt::format("{} has no data", threshold.name);
  return rule;
}

Rule Recorded(const Threshold& threshold, std::string_view name, std::string expression) {
  Rule rule;
  rule.kind = RuleKind::recording;
  rule.name = name;
  rule.expression = std::move(expression);
  rule.labels["threshold"] = threshold.name;
  rule.where = threshold.where;
  return rule;
}

Rule LimitSeries(const Threshold& threshold, std::string_view role, const Limit& limit) {
  Rule rule = Recorded(threshold, kThresholdLimit, fmt::format("vector({})", base::FormatFloat(limit.value)));
  rule.labels["limit"] = role;
  rule.labels["comparison"] = ToString(limit.comparison);
  if (threshold.unit != Unit::none) rule.labels["unit"] = ToString(threshold.unit);
  return rule;
}

// Which way the worst value lies, for `by`.
int WorstSide(const Threshold& threshold) {
  for (const auto* limit : {&threshold.critical, &threshold.warning}) {
    if (*limit) return Direction((*limit)->comparison);
  }
  return 1;
}

}  // namespace

std::string ValueExpression(const Threshold& threshold) {
  switch (threshold.kind) {
    case Threshold::Kind::value:
      if (promql::TypeOf(*threshold.value) == promql::ValueType::scalar) {
        return fmt::format("vector({})", promql::ToString(promql::Unwrap(*threshold.value)));
      }
      if (threshold.by.empty()) return promql::ToString(*threshold.value);
      return fmt::format("{}{}({})", WorstSide(threshold) < 0 ? "min" : "max", By(threshold.by),
                         promql::ToString(promql::Unwrap(*threshold.value)));
    case Threshold::Kind::age:
      if (promql::TypeOf(*threshold.value) == promql::ValueType::scalar) {
        return fmt::format("vector(time() - {})", Operand(*threshold.value));
      }
      if (threshold.by.empty()) return fmt::format("time() - {}", Operand(*threshold.value));
      return fmt::format("time() - max{}({})", By(threshold.by), promql::ToString(promql::Unwrap(*threshold.value)));
    case Threshold::Kind::ratio: {
      const std::string total = SumOf(threshold, *threshold.total);
      return fmt::format("({} or {} * 0) / {}", SumOf(threshold, *threshold.bad), total, total);
    }
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
  group.rules.push_back(Recorded(threshold, kThresholdValue, ValueExpression(threshold)));
  if (threshold.target) group.rules.push_back(LimitSeries(threshold, "target", *threshold.target));
  if (threshold.warning) group.rules.push_back(LimitSeries(threshold, "warning", *threshold.warning));
  if (threshold.critical) group.rules.push_back(LimitSeries(threshold, "critical", *threshold.critical));
  // critical first, so that within one evaluation it is told before the warning it silences
  if (threshold.critical) group.rules.push_back(BreachAlert(threshold, Severity::critical, *threshold.critical));
  if (threshold.warning) group.rules.push_back(BreachAlert(threshold, Severity::warning, *threshold.warning));
  if (threshold.missing) group.rules.push_back(MissingAlert(threshold, *threshold.missing));
  return group;
}

std::optional<Inhibition> ThresholdInhibition(const Threshold& threshold) {
  if (!threshold.warning || !threshold.critical) return std::nullopt;
  Inhibition inhibition;
  inhibition.alertname = threshold.name;
  const bool scalar = threshold.value && promql::TypeOf(*threshold.value) == promql::ValueType::scalar;
  if (!threshold.by.empty() || threshold.kind == Threshold::Kind::ratio || scalar) inhibition.equal = threshold.by;
  return inhibition;
}

}  // namespace rules
