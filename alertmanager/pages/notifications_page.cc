#include "alertmanager/pages/notifications_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace alertmanager {
namespace {

std::string LabelsHtml(const base::Labels& labels) {
  return fmt::format("<code>{}</code>", base::EscapeHtml(labels.ToString()));
}

std::string_view StateOf(const AlertStatus& status) {
  if (status.inhibited_by) return "suppressed";
  return status.processed ? "active" : "unprocessed";
}

std::string LinksHtml(const base::Alert& alert) {
  std::string_view runbook = alert.annotations.Get("runbook_url");
  if (runbook.empty()) runbook = alert.annotations.Get("runbook");
  std::string html;
  for (const auto& [url, text] :
       {std::pair(runbook, "Runbook"), std::pair(std::string_view(alert.generator_url), "Source")}) {
    if (url.empty()) continue;
    const std::string link = base::ExternalLink(url, text);
    if (link != text) html += (html.empty() ? "" : " · ") + link;  // what is no web address stands for nothing here
  }
  return html;
}

std::string AlertRow(const AlertStatus& status, base::Timestamp now) {
  const base::Alert& alert = status.alert->alert;
  const std::string_view summary = alert.annotations.Get("summary");
  const std::string links = LinksHtml(alert);
  return fmt::format(
      "<tr><td>{}</td><td>{}{}{}</td><td data-label=\"Since\"><span class=\"time\">{}</span> ({} ago)</td></tr>\n",
      base::StateHtml(StateOf(status)), summary.empty() ? "" : base::EscapeHtml(summary) + "<br>\n",
      LabelsHtml(alert.labels), links.empty() ? "" : "<br>\n" + links, base::FormatTimeForPeople(alert.starts_at),
      base::FormatDurationForPeople(std::max(now - alert.starts_at, base::Duration(0))));
}

std::string GroupHtml(const GroupStatus& group, base::Timestamp now) {
  const bool active = std::ranges::any_of(group.alerts, [](const AlertStatus& status) { return !status.inhibited_by; });
  std::string html = fmt::format("<article class=\"card {}\">\n<h3>Group {}</h3>\n", active ? "firing" : "inactive",
                                 LabelsHtml(group.labels));
  html +=
      "<div class=\"table\"><table "
      "class=\"stack\">\n<thead><tr><th>State</th><th>Alert</th><th>Since</th></tr></thead>\n<tbody>\n";
  for (size_t i = 0; i < std::min(group.alerts.size(), kPageAlerts); ++i) html += AlertRow(group.alerts[i], now);
  html += "</tbody></table></div>\n";
  if (group.alerts.size() > kPageAlerts) {
    html += fmt::format("<p class=\"note\">The group has {} alerts; the first {} are shown.</p>\n", group.alerts.size(),
                        kPageAlerts);
  }
  return html + "</article>\n";
}

std::string ReceiverHtml(const std::string& receiver, const NotificationsPage& page, size_t& room) {
  std::string html = fmt::format("<section id=\"/alerts?receiver={}\">\n<h2>Receiver {}</h2>\n",
                                 base::EscapeHtml(base::EscapeUrlQuery(receiver)), base::EscapeHtml(receiver));
  size_t groups = 0;
  size_t shown = 0;
  for (const GroupStatus& group : page.groups) {
    if (group.receiver != receiver || group.alerts.empty()) continue;
    ++groups;
    if (room == 0) continue;
    --room;
    ++shown;
    html += GroupHtml(group, page.now);
  }
  if (groups == 0) html += "<p class=\"quiet\">No alerts.</p>\n";
  if (shown < groups) {
    html += fmt::format(
        "<p class=\"note\">The receiver has {} groups of alerts; {} are shown. GET {}/api/v2/alerts/groups "
        "returns all of them as JSON.</p>\n",
        groups, shown, base::EscapeHtml(page.frame.link_path));
  }
  return html + "</section>\n";
}

std::string DeliveryRow(const DeliveryRecord& record) {
  const std::string told = fmt::format("{} firing, {} resolved", record.firing, record.resolved);
  const std::string outcome = record.delivered ? base::StateHtml("delivered")
                                               : base::StateHtml("failed") + "<br>\n" + base::EscapeHtml(record.error);
  return fmt::format("<tr><td class=\"time\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                     base::FormatTimeForPeople(record.time),
                     base::EscapeHtml(record.integration.receiver + " (" + record.integration.kind + ")"),
                     LabelsHtml(record.group_labels), told, outcome);
}

std::string DeliveriesHtml(const NotificationsPage& page) {
  std::string html = "<section>\n<h2>Last notifications</h2>\n";
  if (page.deliveries.empty()) return html + "<p class=\"quiet\">None since the start.</p>\n</section>\n";
  html +=
      "<div class=\"table\"><table "
      "class=\"stack\">\n<thead><tr><th>Time</th><th>Receiver</th><th>Group</th><th>Alerts</th>"
      "<th>Outcome</th></tr></thead>\n<tbody>\n";
  size_t shown = 0;
  for (auto record = page.deliveries.rbegin(); record != page.deliveries.rend() && shown < kPageDeliveries; ++record) {
    html += DeliveryRow(*record);
    ++shown;
  }
  return html + "</tbody></table></div>\n</section>\n";
}

}  // namespace

std::string RenderNotificationsPage(const NotificationsPage& page) {
  std::string body = "<div id=\"/alerts\">\n";
  size_t room = kPageGroups;
  for (const std::string& receiver : page.receivers) body += ReceiverHtml(receiver, page, room);
  body += "</div>\n" + DeliveriesHtml(page);
  body +=
      "<section id=\"/silences\">\n<h2>Silences</h2>\n<p class=\"quiet\">Silences are not supported yet.</p>\n"
      "</section>\n";
  body += fmt::format("<p class=\"quiet\">As of {}. All times are UTC.</p>\n", base::FormatTimeForPeople(page.now));
  return base::RenderPage(page.frame, "Notifications", "/", body);
}

}  // namespace alertmanager
