#include "rules/pages/alerts_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/pages/page_parts.h"

namespace rules {
namespace {

struct Shown {
  const ActiveAlert* alert;
  const Rule* rule;
};

std::vector<Shown> ActiveAlerts(const std::vector<GroupSnapshot>& groups) {
  std::vector<Shown> shown;
  for (const GroupSnapshot& group : groups) {
    for (const RuleSnapshot& rule : group.rules) {
      for (const ActiveAlert& alert : rule.alerts) shown.push_back({&alert, &rule.rule});
    }
  }
  std::ranges::stable_sort(shown, {}, [](const Shown& one) {
    return std::tuple(one.alert->status.state != AlertState::firing, one.alert->status.active_at);
  });
  return shown;
}

// As the threshold words it, "26.6MB (26599424)", where it does.
std::string ValueText(const ActiveAlert& alert) {
  std::string value = base::FormatSampleValue(alert.value);
  const std::string_view shown = alert.annotations.Get("value");
  if (shown.empty() || shown == value) return value;
  return fmt::format("{} ({})", base::EscapeHtml(shown), value);
}

std::string AlertHtml(const Shown& shown, const AlertsPage& page) {
  const ActiveAlert& alert = *shown.alert;
  const std::string_view state = ToString(alert.status.state);
  const base::Labels& annotations = alert.annotations;
  std::string html = fmt::format("<article class=\"card {}\">\n<h3>{} {}</h3>\n", state, base::StateHtml(state),
                                 base::EscapeHtml(alert.labels.Get("alertname")));
  if (annotations.Has("summary")) {
    html += fmt::format("<p>{}</p>\n", base::EscapeHtml(annotations.Get("summary")));
  }
  html += NoDataHtml(alert) + "<dl>\n";
  html += FactHtml("Value", ValueText(alert));
  html += FactHtml("Active since", SinceHtml(alert.status.active_at, page.now));
  if (alert.status.fired_at && *alert.status.fired_at != alert.status.active_at) {
    html += FactHtml("Firing since", SinceHtml(*alert.status.fired_at, page.now));
  }
  if (alert.status.keep_firing_since) {
    html += FactHtml("Kept firing since", SinceHtml(*alert.status.keep_firing_since, page.now));
  }
  html += FactHtml("Labels", LabelsHtml(alert.labels.Drop(std::vector<std::string>{"alertname"})));
  html += AnnotationsHtml(annotations.Drop(std::vector<std::string>{"summary", "value"}));
  html += FactHtml("Expression", base::LocalLink(page.frame, ExpressionPath(promql::ToString(*shown.rule->parsed)),
                                                 promql::ToString(*shown.rule->parsed)));
  return html + "</dl>\n</article>\n";
}

std::string FailuresHtml(const AlertsPage& page) {
  std::string html;
  for (const GroupSnapshot& group : page.groups) {
    for (const RuleSnapshot& rule : group.rules) {
      if (rule.health != RuleHealth::err) continue;
      html += fmt::format(
          "<article class=\"card failed\">\n<h3>{} {}</h3>\n<p>{}</p>\n<dl>\n{}{}</dl>\n</article>\n",
          base::StateHtml("failed"), base::EscapeHtml(rule.rule.name), base::EscapeHtml(rule.last_error),
          FactHtml("Group", fmt::format("{} in {}", base::EscapeHtml(group.name), base::EscapeHtml(group.file))),
          FactHtml("Expression", base::LocalLink(page.frame, ExpressionPath(promql::ToString(*rule.rule.parsed)),
                                                 promql::ToString(*rule.rule.parsed))));
    }
  }
  if (html.empty()) return "";
  return "<section>\n<h2>Rules that fail</h2>\n<p>Their alerts stay as they were at the last good evaluation.</p>\n" +
         html + "</section>\n";
}

std::string CountsHtml(const std::vector<Shown>& alerts) {
  const auto firing = static_cast<size_t>(
      std::ranges::count_if(alerts, [](const Shown& one) { return one.alert->status.state == AlertState::firing; }));
  return fmt::format("<p>{} firing, {} pending.</p>\n", firing, alerts.size() - firing);
}

}  // namespace

std::string RenderAlertsPage(const AlertsPage& page) {
  const std::vector<Shown> alerts = ActiveAlerts(page.groups);
  std::string body = alerts.empty() ? "<p>No alert is active.</p>\n" : CountsHtml(alerts);
  body += FailuresHtml(page);
  if (alerts.size() > kShownAlerts) {
    body += fmt::format(
        "<p class=\"note\">{} alerts are active; the first {} are shown. "
        "GET {}/api/v1/alerts returns all of them as JSON.</p>\n",
        alerts.size(), kShownAlerts, base::EscapeHtml(page.frame.link_path));
  }
  for (size_t i = 0; i < std::min(alerts.size(), kShownAlerts); ++i) body += AlertHtml(alerts[i], page);
  body += fmt::format("<p class=\"quiet\">As of {}. All times are UTC.</p>\n", base::FormatTimeForPeople(page.now));
  return base::RenderPage(page.frame, "Alerts", "/alerts", body);
}

}  // namespace rules
