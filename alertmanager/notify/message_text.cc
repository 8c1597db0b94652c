#include "alertmanager/notify/message_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/net/web_address.h"
#include "base/text.h"

namespace alertmanager {
namespace {

struct SeverityLook {
  std::string_view severity;
  std::string_view icon;
  std::string_view color;
};

// From worst to mildest; anything else looks like the last row.
constexpr std::array<SeverityLook, 7> kLooks = {{{"critical", "🔴", "#d92d20"},
                                                 {"page", "🔴", "#d92d20"},
                                                 {"error", "🔴", "#d92d20"},
                                                 {"warning", "🟠", "#e8890c"},
                                                 {"info", "🔵", "#2e7dd1"},
                                                 {"none", "⚪", "#8a8f98"},
                                                 {"", "🔴", "#d92d20"}}};
constexpr std::string_view kResolvedIcon = "✅";
constexpr std::string_view kResolvedColor = "#2e9e5b";
constexpr size_t kPlaceLabels = 6;

const SeverityLook& LookOf(const base::Labels& labels) {
  const auto row = std::ranges::find(kLooks, labels.Get("severity"), &SeverityLook::severity);
  return row == kLooks.end() ? kLooks.back() : *row;
}

std::string Capitals(std::string_view text) {
  std::string capitals(text);
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return capitals;
}

// Where a sample was scraped says least about what is wrong.
bool TellsWhereScraped(const base::Label& label) { return label.name == "instance" || label.name == "job"; }

std::string LabelsText(const base::Labels& labels, size_t limit) {
  std::vector<base::Label> ordered(labels.begin(), labels.end());
  std::ranges::stable_partition(ordered, [](const base::Label& label) { return !TellsWhereScraped(label); });
  std::string text;
  size_t shown = 0;
  for (const base::Label& label : ordered) {
    if (shown++ == limit) return text + ", …";
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", label.name, label.value);
  }
  return text;
}

std::string FirstOf(const base::Labels& annotations, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (annotations.Has(name)) return std::string(annotations.Get(name));
  }
  return {};
}

}  // namespace

base::Result<std::string> RenderText(const MessageText& text, const Notification&) { return text.text; }

Headline MakeHeadline(const Notification& notification) {
  Headline headline;
  const size_t firing = notification.FiringCount();
  const size_t resolved = notification.alerts.size() - firing;
  if (firing > 0) {
    const NotifiedAlert& worst = *ByImportance(notification).front();
    const std::string_view severity = worst.alert.labels.Get("severity");
    headline.icon = LookOf(worst.alert.labels).icon;
    headline.color = LookOf(worst.alert.labels).color;
    headline.status = severity.empty() ? "FIRING" : Capitals(severity);
    headline.counts = fmt::format("FIRING:{}", firing);
  } else {
    headline.icon = kResolvedIcon;
    headline.color = kResolvedColor;
    headline.status = "RESOLVED";
  }
  if (resolved > 0) headline.counts += fmt::format("{}RESOLVED:{}", firing > 0 ? ", " : "", resolved);

  const base::Labels common = notification.CommonLabels();
  headline.name = common.Has("alertname") ? std::string(common.Get("alertname"))
                                          : fmt::format("{} alerts", notification.alerts.size());
  // what the alerts are grouped by first, then whatever else they share
  std::vector<std::string> said = {"alertname", "severity"};
  headline.place = LabelsText(notification.group_labels.Drop(said), kPlaceLabels);
  for (const base::Label& label : notification.group_labels) said.emplace_back(label.name);
  const std::string others = LabelsText(common.Drop(said), kPlaceLabels);
  if (!others.empty()) headline.place += (headline.place.empty() ? "" : ", ") + others;
  return headline;
}

AlertText Describe(const NotifiedAlert& notified, const Notification& notification) {
  const base::Alert& alert = notified.alert;
  AlertText text;
  text.resolved = notified.resolved;
  text.icon = notified.resolved ? kResolvedIcon : LookOf(alert.labels).icon;
  text.color = notified.resolved ? kResolvedColor : LookOf(alert.labels).color;
  text.summary = FirstOf(alert.annotations, {"summary", "description", "message"});
  if (text.summary.empty()) text.summary = alert.labels.Get("alertname");
  if (text.summary.empty()) text.summary = LabelsText(alert.labels, 6);
  text.description = FirstOf(alert.annotations, {"description", "message"});
  if (text.description == text.summary) text.description.clear();
  text.value = alert.annotations.Get("value");
  text.limit = alert.annotations.Get("limit");
  text.runbook_url = FirstOf(alert.annotations, {"runbook_url", "runbook"});
  if (!base::IsWebUrl(text.runbook_url)) text.runbook_url.clear();
  if (base::IsWebUrl(alert.generator_url)) text.source_url = alert.generator_url;
  std::vector<std::string> common;
  for (const base::Label& label : notification.CommonLabels()) common.emplace_back(label.name);
  text.own_labels = LabelsText(alert.labels.Drop(common), 12);
  text.since = base::FormatTimeForPeople(alert.starts_at);
  const base::Timestamp end = notified.resolved ? alert.ends_at : notification.now;
  text.duration = base::FormatDurationForPeople(std::max(end - alert.starts_at, base::Duration(0)));
  return text;
}

std::vector<const NotifiedAlert*> ByImportance(const Notification& notification) {
  std::vector<const NotifiedAlert*> alerts;
  for (const NotifiedAlert& alert : notification.alerts) alerts.push_back(&alert);
  std::ranges::stable_sort(alerts, {}, [](const NotifiedAlert* alert) {
    return std::pair(alert->resolved, &LookOf(alert->alert.labels) - kLooks.data());
  });
  return alerts;
}

std::string AlertsPage(const Notification& notification) {
  if (notification.external_url.empty()) return {};
  return notification.external_url + "/#/alerts?receiver=" + base::EscapeUrlQuery(notification.receiver);
}

std::string Shortened(std::string_view text, size_t limit) {
  if (base::Utf8Length(text) <= limit) return std::string(text);
  return std::string(base::Utf8Prefix(text, limit - 1)) + "…";
}

}  // namespace alertmanager
