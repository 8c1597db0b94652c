#include "rules/threshold/threshold_parts.h"

#include <fmt/format.h>

#include "base/labels.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/threshold/compile_threshold.h"

namespace rules {

std::string LabelName(const std::string& name) { return base::IsLegacyLabelName(name) ? name : base::Quote(name); }

std::string ByClause(const std::vector<std::string>& labels) {
  if (labels.empty()) return "";
  std::vector<std::string> names;
  for (const std::string& label : labels) names.push_back(LabelName(label));
  return fmt::format(" by ({}) ", base::Join(names, ", "));
}

std::string Operand(const promql::Expr& expr) {
  const bool loose = promql::As<promql::Binary>(expr) != nullptr || promql::As<promql::Unary>(expr) != nullptr;
  return loose ? fmt::format("({})", promql::ToString(expr)) : promql::ToString(expr);
}

std::string SumOf(const std::vector<std::string>& by, const promql::Expr& counted, std::optional<base::Duration> over) {
  std::string events = promql::ToString(promql::Unwrap(counted));
  if (over) events = fmt::format("rate({}[{}])", events, base::FormatDuration(*over));
  return fmt::format("sum{}({})", ByClause(by), events);
}

std::string ShareOf(const std::vector<std::string>& by, const promql::Expr& counted, const promql::Expr& total,
                    std::optional<base::Duration> over) {
  const std::string all = SumOf(by, total, over);
  return fmt::format("({} or {} * 0) / {}", SumOf(by, counted, over), all, all);
}

std::string RecordedValues(const Threshold& threshold, std::string_view matchers) {
  return fmt::format("{}{{threshold={}{}}}", kThresholdValue, base::Quote(threshold.name), matchers);
}

std::string RecordedLocalTime(const Threshold& threshold) {
  return fmt::format("{}{{threshold={}}}", kThresholdLocalTime, base::Quote(threshold.name));
}

std::string LabelVariable(const std::string& label) {
  return base::IsLegacyLabelName(label) ? fmt::format("$labels.{}", label)
                                        : fmt::format("index $labels {}", base::Quote(label));
}

std::string Subject(const Threshold& threshold) {
  std::vector<std::string> parts;
  for (const std::string& label : threshold.by) {
    parts.push_back(fmt::format("{} {{{{ {} }}}}", label, LabelVariable(label)));
  }
  return parts.empty() ? threshold.name : fmt::format("{} ({})", threshold.name, base::Join(parts, ", "));
}

Rule MakeAlert(const Threshold& threshold, Severity severity) {
  Rule rule;
  rule.kind = RuleKind::alerting;
  rule.name = threshold.name;
  rule.hold = threshold.hold;
  rule.keep_firing_for = threshold.keep_firing_for;
  rule.labels = threshold.labels;
  rule.labels["severity"] = ToString(severity);
  if (!threshold.description.empty()) rule.annotations["description"] = threshold.description;
  if (!threshold.runbook.empty()) rule.annotations["runbook_url"] = threshold.runbook;
  rule.where = threshold.where;
  return rule;
}

Rule MakeRecord(const Threshold& threshold, std::string_view name, std::string expression) {
  Rule rule;
  rule.kind = RuleKind::recording;
  rule.name = name;
  rule.expression = std::move(expression);
  rule.labels["threshold"] = threshold.name;
  rule.where = threshold.where;
  return rule;
}

std::string WhileActive(const Threshold& threshold, Severity severity, std::string expression) {
  if (!threshold.active || !threshold.active->For(severity)) return expression;
  return fmt::format("({}) and on () ({})", expression,
                     ActiveExpression(*threshold.active, RecordedLocalTime(threshold)));
}

}  // namespace rules
