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

constexpr std::string_view kSourceIcon = "🔌";
constexpr size_t kShownAffected = 10;

// What was lost: "database main at app:9187". The annotation is written by the built-in rule.
std::string SourceName(const base::Alert& alert) {
  if (alert.annotations.Has("source")) return std::string(alert.annotations.Get("source"));
  std::string name(alert.labels.Get("kind"));
  if (alert.labels.Has("collector")) name += fmt::format(" {}", alert.labels.Get("collector"));
  if (alert.labels.Has("target")) name += fmt::format(" {}", alert.labels.Get("target"));
  return fmt::format("{} at {}", name, alert.labels.Get("instance"));
}

// "14:03 UTC" where it was less than half a day ago, else with the date.
std::string SinceForPeople(base::Timestamp time, base::Timestamp now) {
  const std::string text = base::FormatRfc3339(time);
  const std::string minute = text.substr(11, 5) + " UTC";
  return now - time < std::chrono::hours(12) ? minute : text.substr(0, 10) + " " + minute;
}

// The whole first line of one lost or returned source, but for its icon and status.
std::string SourceLine(const NotifiedAlert& notified, const Notification& notification) {
  const base::Alert& alert = notified.alert;
  if (notified.resolved) {
    const base::Duration lost = std::max(alert.ends_at - alert.starts_at, base::Duration(0));
    return fmt::format("{} after {}", SourceName(alert), base::FormatDurationForPeople(lost));
  }
  std::string summary(alert.annotations.Get("summary"));
  if (summary.empty()) summary = SourceName(alert) + " unreachable";
  return fmt::format("{} since {}", summary, SinceForPeople(alert.starts_at, notification.now));
}

Headline SourceHeadline(const Notification& notification) {
  const size_t lost = notification.FiringCount();
  const NotifiedAlert& first = *ByImportance(notification).front();
  Headline headline;
  headline.icon = kSourceIcon;
  headline.status = lost > 0 ? "SOURCE LOST" : "SOURCE BACK";
  headline.color = lost > 0 ? LookOf(first.alert.labels).color : kResolvedColor;
  headline.name = SourceLine(first, notification);
  if (notification.alerts.size() > 1) {
    headline.name = fmt::format("{} sources", notification.alerts.size());
    headline.counts = fmt::format("LOST:{}, BACK:{}", lost, notification.alerts.size() - lost);
  }
  return headline;
}

std::vector<std::string> AffectedLines(const base::Labels& annotations) {
  std::vector<std::string> lines;
  for (const std::string_view line : base::Split(annotations.Get("affected"), '\n')) {
    if (!base::Trim(line).empty()) lines.emplace_back(base::Trim(line));
  }
  if (lines.size() <= kShownAffected) return lines;
  const size_t more = lines.size() - kShownAffected;
  lines.resize(kShownAffected);
  lines.push_back(fmt::format("… +{} more", more));
  return lines;
}

void DescribeSource(const NotifiedAlert& notified, const Notification& notification, AlertText& text) {
  text.icon = kSourceIcon;
  text.state = notified.resolved ? "back" : "lost";
  text.ended = "Back after";
  text.affected = AffectedLines(notified.alert.annotations);
  if (!notified.resolved) return;
  text.summary = SourceLine(notified, notification);
  text.description.clear();  // says what to do about the loss
}

}  // namespace

bool IsSourceLost(const base::Labels& labels) { return labels.Get("alertname") == "SourceLost" && labels.Has("kind"); }

base::Result<std::string> RenderText(const MessageText& text, const Notification&) { return text.text; }

Headline MakeHeadline(const Notification& notification) {
  const bool sources =
      !notification.alerts.empty() && std::ranges::all_of(notification.alerts, [](const NotifiedAlert& notified) {
        return IsSourceLost(notified.alert.labels);
      });
  if (sources) return SourceHeadline(notification);
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
  text.state = notified.resolved ? "resolved" : "firing";
  text.ended = "Resolved after";
  text.icon = notified.resolved ? kResolvedIcon : LookOf(alert.labels).icon;
  text.color = notified.resolved ? kResolvedColor : LookOf(alert.labels).color;
  text.summary = FirstOf(alert.annotations, {"summary", "description", "message"});
  if (text.summary.empty()) text.summary = alert.labels.Get("alertname");
  if (text.summary.empty()) text.summary = LabelsText(alert.labels, 6);
  text.description = FirstOf(alert.annotations, {"description", "message"});
  if (text.description == text.summary) text.description.clear();
  text.value = alert.annotations.Get("value");
  text.limit = alert.annotations.Get("limit");
  if (!notified.resolved) text.not_current = alert.annotations.Get("no_data");
  text.runbook_url = FirstOf(alert.annotations, {"runbook_url", "runbook"});
  if (!base::IsWebUrl(text.runbook_url)) text.runbook_url.clear();
  if (base::IsWebUrl(alert.generator_url)) text.source_url = alert.generator_url;
  std::vector<std::string> common;
  for (const base::Label& label : notification.CommonLabels()) common.emplace_back(label.name);
  text.own_labels = LabelsText(alert.labels.Drop(common), 12);
  text.since = base::FormatTimeForPeople(alert.starts_at);
  const base::Timestamp end = notified.resolved ? alert.ends_at : notification.now;
  text.duration = base::FormatDurationForPeople(std::max(end - alert.starts_at, base::Duration(0)));
  if (IsSourceLost(alert.labels)) DescribeSource(notified, notification, text);
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
