#include "rules/no_data/no_data_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace rules {
namespace {

constexpr std::string_view kCondition = "condition";
constexpr std::string_view kNoData = "no_data";

bool RaisesAlert(const Rule& rule) {
  return rule.kind == RuleKind::alerting && rule.parsed && rule.no_data && *rule.no_data >= NoDataPolicy::alert &&
         !rule.labels.contains(std::string(kCondition));
}

// The matcher of the label `metric` for what a selector selects; "" where it names no metric.
std::string MetricMatcher(const promql::VectorSelector& selector) {
  for (const base::Matcher& matcher : selector.matchers) {
    if (matcher.name() != base::kMetricName) continue;
    return fmt::format("metric{}{}", base::ToString(matcher.type()), base::Quote(matcher.value()));
  }
  return "";
}

std::string Seen(promql::VectorSelector selector) {
  selector.modifiers = {};
  selector.anchored = selector.smoothed = false;
  return fmt::format("present_over_time({}[1h])",
                     promql::ToString(promql::Expr{.node = std::move(selector), .range = {}}));
}

// The failed collectors by name of the metric; the failed targets that had such a series within the last hour, and
// after that those the alert is active for already.
std::string LostExpression(const Rule& rule) {
  std::vector<std::string> collectors;
  std::vector<std::string> seen;
  const auto add = [](std::vector<std::string>& list, std::string text) {
    if (!text.empty() && std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
  };
  promql::ForEachSelector(*rule.parsed, [&](const promql::VectorSelector& selector, const promql::SourceRange&) {
    add(collectors, MetricMatcher(selector));
    add(seen, Seen(selector));
  });
  std::vector<std::string> parts;
  for (const std::string& matcher : collectors) {
    parts.push_back(
        fmt::format("max by (job, instance, target, collector) (tocsin_collector_metric_lost{{{}}}) == 1", matcher));
  }
  seen.push_back(
      fmt::format("ALERTS{{alertname={},condition={}}}", base::Quote(rule.name), base::Quote(std::string(kNoData))));
  parts.push_back(
      fmt::format("(group by (job, instance) ({})) and on (job, instance) (up == 0)", base::Join(seen, " or ")));
  return base::Join(parts, " or ");
}

Rule NoDataRule(const Rule& rule) {
  Rule lost;
  lost.kind = RuleKind::alerting;
  lost.name = rule.name;
  lost.expression = LostExpression(rule);
  lost.hold = rule.hold;
  lost.no_data = NoDataPolicy::resolve;
  lost.labels = rule.labels;
  lost.labels[std::string(kCondition)] = kNoData;
  if (*rule.no_data == NoDataPolicy::critical) lost.labels["severity"] = ToString(Severity::critical);
  for (const char* name : {"runbook_url", "description"}) {
    if (const auto at = rule.annotations.find(name); at != rule.annotations.end()) lost.annotations.insert(*at);
  }
  lost.annotations["value"] = "no data";
  lost.annotations["summary"] = fmt::format(
      "{} has no data: its source failed, {{{{ with $labels.collector }}}}collector {{{{ . }}}} of {{{{ end }}}}"
      "{{{{ $labels.instance }}}} (job {{{{ $labels.job }}}})",
      rule.name);
  lost.where = rule.where;
  return lost;
}

}  // namespace

std::string NoDataHelp() {
  return "What its alerts do when their series vanish because the source failed (target down, collector failed). "
         "resolve: they resolve, as in Prometheus. keep: they stay as they are, marked as not current, until the "
         "source answers. alert: as keep, and an alert with condition=\"no_data\" is raised. critical: as alert, with "
         "severity critical.";
}

std::optional<NoDataPolicy> ReadNoData(const YamlText& text, base::YamlErrors& errors) {
  if (!text.given) return std::nullopt;
  const auto policy = ParseNoDataPolicy(text.text);
  if (!policy) {
    Complain(errors, text, fmt::format("expected resolve, keep, alert or critical, found {}", base::Quote(text.text)));
  }
  return policy;
}

std::vector<Rule> NoDataRules(std::span<const Rule> rules) {
  std::vector<Rule> lost;
  std::set<std::string> done;
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if (RaisesAlert(*rule) && done.insert(rule->name).second) lost.push_back(NoDataRule(*rule));
  }
  std::ranges::reverse(lost);
  return lost;
}

void AppendNoDataRules(std::vector<Rule>& rules, const promql::ParseOptions& options) {
  for (Rule& lost : NoDataRules(rules)) {
    if (auto parsed = promql::Parse(lost.expression, options)) {
      lost.parsed = *std::move(parsed);
      rules.push_back(std::move(lost));
    }
  }
}

}  // namespace rules
