#include "rules/pages/expression_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/api/rules_json.h"
#include "rules/pages/page_parts.h"
#include "rules/pages/value_table.h"

namespace rules {
namespace {

constexpr size_t kShownLimits = 100;
constexpr size_t kShownRuleAlerts = 100;

std::string CutNote(std::string_view what, size_t all, size_t shown) {
  if (all <= shown) return "";
  return fmt::format("<p class=\"note\">There are {} {}; the first {} are shown.</p>\n", all, what, shown);
}

std::string FormHtml(const ExpressionPage& page) {
  return fmt::format(
      "<form method=\"get\" action=\"{}/graph\">\n"
      "<p><label for=\"expression\">PromQL expression</label><br>\n"
      "<textarea id=\"expression\" name=\"g0.expr\" rows=\"3\" cols=\"70\" required "
      "spellcheck=\"false\">\n{}</textarea></p>\n"
      "<p><label for=\"time\">Time of evaluation (UTC); empty for now</label><br>\n"
      "<input id=\"time\" name=\"g0.moment_input\" placeholder=\"{}\" value=\"{}\"></p>\n"
      "<button>Evaluate</button>\n"
      "</form>\n",
      base::EscapeHtml(page.frame.link_path), base::EscapeHtml(page.expression),
      base::FormatTimeForPeople(page.now).substr(0, 19), base::EscapeHtml(page.time_text));
}

std::string RemarksHtml(const promql::Annotations& annotations) {
  std::string html;
  for (const auto* texts : {&annotations.warnings, &annotations.infos}) {
    for (const std::string& text : *texts) html += fmt::format("<p class=\"note\">{}</p>\n", base::EscapeHtml(text));
  }
  return html;
}

std::string ResultHtml(const ExpressionPage& page) {
  std::string html = fmt::format("<section>\n<h2>Value at {}</h2>\n", base::FormatTimeForPeople(page.time));
  if (!page.problem.empty()) {
    html += fmt::format("<p class=\"problem\">{}</p>\n", base::EscapeHtml(page.problem));
  } else if (page.compared.empty()) {
    html += ValueHtml(page.result.value);
  } else {
    html += fmt::format("<p>The comparison holds for no series. Its left side, {}, is:</p>\n{}",
                        base::LocalLink(page.frame, ExpressionPath(page.compared), page.compared),
                        ValueHtml(page.compared_value));
  }
  return html + RemarksHtml(page.result.annotations) + "</section>\n";
}

// The labels of the series that a limit is for; none for the limit of all that have no override.
base::Labels ScopeOf(const promql::VectorSample& limit) {
  return limit.labels.Drop({std::string(base::kMetricName), "threshold", "limit", "comparison", "unit"});
}

std::string LimitRow(const promql::VectorSample& limit, bool overridden) {
  const std::string_view unit = limit.labels.Get("unit");
  const base::Labels scope = ScopeOf(limit);
  return fmt::format("<tr><td>{}</td><td>{} {}{}{}</td><td>{}</td></tr>\n", base::EscapeHtml(limit.labels.Get("limit")),
                     base::EscapeHtml(limit.labels.Get("comparison")), base::FormatSampleValue(limit.value),
                     unit.empty() ? "" : " ", base::EscapeHtml(unit),
                     !scope.empty() ? LabelsHtml(scope)
                     : overridden   ? "all other series"
                                    : "all series");
}

std::string LimitsHtml(const ShownRule& rule) {
  if (rule.limits.empty()) return "";
  const bool overridden = std::ranges::any_of(rule.limits, [](const auto& limit) { return !ScopeOf(limit).empty(); });
  std::string html =
      "<h3>Limits</h3>\n<div class=\"table\"><table>\n<thead><tr><th>Limit</th><th>Bound</th><th>Applies to</th>"
      "</tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < std::min(rule.limits.size(), kShownLimits); ++i) html += LimitRow(rule.limits[i], overridden);
  return html + "</tbody></table></div>\n" + CutNote("limits", rule.limits.size(), kShownLimits);
}

std::string AlertsHtml(const ShownRule& rule, base::Timestamp now) {
  const std::vector<ActiveAlert>& alerts = rule.snapshot.alerts;
  if (alerts.empty()) return "";
  std::string html =
      "<h3>Active alerts</h3>\n<div class=\"table\"><table class=\"stack\">\n<thead><tr><th>State</th><th>Labels</th>"
      "<th class=\"number\">Value</th><th>Active since</th></tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < std::min(alerts.size(), kShownRuleAlerts); ++i) {
    html += fmt::format(
        "<tr><td>{}</td><td>{}{}</td><td class=\"number\" data-label=\"Value\">{}</td><td data-label=\"Since\">{}</td>"
        "</tr>\n",
        base::StateHtml(ToString(alerts[i].status.state)), LabelsHtml(alerts[i].labels), NoDataHtml(alerts[i]),
        base::FormatSampleValue(alerts[i].value), SinceHtml(alerts[i].status.active_at, now));
  }
  return html + "</tbody></table></div>\n" + CutNote("alerts", alerts.size(), kShownRuleAlerts);
}

std::string TextMapHtml(const TextMap& map) {
  std::string html;
  for (const auto& [name, text] : map) {
    if (!html.empty()) html += "<br>\n";
    html += fmt::format("<code>{}</code>: {}", base::EscapeHtml(name), base::EscapeHtml(text));
  }
  return html;
}

// Whether it is no template.
bool IsPlain(std::string_view text) { return !text.contains("{{"); }

std::string RuleHtml(const ShownRule& shown, base::Timestamp now) {
  const RuleSnapshot& snapshot = shown.snapshot;
  const Rule& rule = snapshot.rule;
  const bool alerting = rule.kind == RuleKind::alerting;
  const bool failed = snapshot.health == RuleHealth::err;
  const std::string_view state = alerting ? StateOf(snapshot) : "";
  std::string html = fmt::format("<article class=\"card {}\">\n<h3>{}{}</h3>\n<dl>\n", failed ? "failed" : state,
                                 alerting ? base::StateHtml(state) + " " : "", base::EscapeHtml(rule.name));
  html += FactHtml("Kind", alerting ? "alerting rule" : "recording rule");
  html += FactHtml("Threshold", base::EscapeHtml(shown.threshold));
  html += FactHtml("Group", fmt::format("{} in {}", base::EscapeHtml(shown.group), base::EscapeHtml(shown.file)));
  if (const auto limit = rule.annotations.find("limit"); limit != rule.annotations.end() && IsPlain(limit->second)) {
    html += FactHtml("Limit", base::EscapeHtml(limit->second));
  }
  if (alerting) html += FactHtml("For", base::FormatDuration(rule.hold));
  if (rule.keep_firing_for.count() > 0) {
    html += FactHtml("Keeps firing for", base::FormatDuration(rule.keep_firing_for));
  }
  html += FactHtml("Labels", TextMapHtml(rule.labels));
  if (const auto runbook = rule.annotations.find("runbook_url"); runbook != rule.annotations.end()) {
    html += FactHtml("Runbook", base::ExternalLink(runbook->second, runbook->second));
  }
  html += FactHtml("Last evaluated", snapshot.last_evaluation ? SinceHtml(*snapshot.last_evaluation, now) : "not yet");
  html += "</dl>\n";
  if (failed) {
    html +=
        fmt::format("<p class=\"problem\">The last evaluation failed: {}</p>\n", base::EscapeHtml(snapshot.last_error));
  }
  html += LimitsHtml(shown);
  if (!shown.values.empty()) {
    html += "<h3>Measured by the threshold</h3>\n" + ValueHtml(promql::Value(shown.values));
  }
  return html + AlertsHtml(shown, now) + "</article>\n";
}

std::string RulesHtml(const ExpressionPage& page) {
  std::string html = "<section>\n<h2>Rules with this expression</h2>\n";
  if (page.rules.empty()) html += "<p>No rule has this expression.</p>\n";
  for (const ShownRule& rule : page.rules) html += RuleHtml(rule, page.now);
  html += CutNote("rules", page.all_rules, page.rules.size());
  return html + "</section>\n";
}

std::string HistoryHtml(const ExpressionPage& page) {
  std::string html = "<section>\n<h2>History</h2>\n";
  if (page.history.empty()) {
    return html + fmt::format("<p>{}</p>\n</section>\n", base::EscapeHtml(page.history_problem));
  }
  html +=
      "<p class=\"quiet\">Changes of state within the last 7 days, newest first, at most 20.</p>\n"
      "<div class=\"table\"><table class=\"stack\">\n<thead><tr><th>Time</th><th>Change</th>"
      "<th class=\"number\">Value</th><th>Alert</th></tr></thead>\n<tbody>\n";
  for (const HistoryEntry& entry : page.history) {
    html += fmt::format(
        "<tr><td class=\"time\">{}</td><td>{} → {}</td><td class=\"number\" "
        "data-label=\"Value\">{}</td><td>{}</td></tr>\n",
        base::FormatTimeForPeople(entry.time), base::EscapeHtml(entry.before), base::StateHtml(entry.after),
        base::FormatSampleValue(entry.value), LabelsHtml(entry.labels));
  }
  return html + "</tbody></table></div>\n</section>\n";
}

}  // namespace

std::string RenderExpressionPage(const ExpressionPage& page) {
  std::string body = FormHtml(page);
  if (!page.expression.empty()) {
    body += ResultHtml(page);
    // what does not parse is no rule's expression
    if (page.problem.empty() || !page.rules.empty()) body += RulesHtml(page);
    if (!page.rules.empty()) body += HistoryHtml(page);
  }
  body += fmt::format("<p class=\"quiet\">As of {}. All times are UTC.</p>\n", base::FormatTimeForPeople(page.now));
  return base::RenderPage(page.frame, "Expression", "/graph", body);
}

}  // namespace rules
