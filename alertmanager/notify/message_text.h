#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alertmanager/config.h"
#include "alertmanager/notify/notification.h"

namespace alertmanager {

// A configured text for this notification. Every configured text of every message goes through here: this is where
// templates are rendered once they are carried out; until then the text is literal (config.h).
base::Result<std::string> RenderText(const MessageText& text, const Notification& notification);

// What the first line of a message says, for people: icon, status, what, where, how many.
struct Headline {
  std::string icon;    // one emoji
  std::string status;  // the worst severity that fires, in capitals; "FIRING" without one; "RESOLVED". Of lost
                       // sources: "SOURCE LOST", "SOURCE BACK"
  std::string name;    // the common alertname, or "3 alerts"; of a lost source what is lost and since when
  std::string place;   // "site=demo, tenant=a": the common labels, group labels first, without name and severity
  std::string counts;  // "FIRING:2", "FIRING:2, RESOLVED:1", "RESOLVED:1"; empty where they say nothing
  std::string color;   // "#d92d20"
};
Headline MakeHeadline(const Notification& notification);

// Whether this is the built-in alert that tells of a lost source. Its end is no good news about the alerts that rest on
// the source, so messages never call it resolved.
bool IsSourceLost(const base::Labels& labels);

// What is known of one alert, drawn from the annotations thresholds write (`summary`, `description`, `value`, `limit`,
// `runbook_url`), each empty where missing.
struct AlertText {
  std::string icon;
  std::string color;
  std::string summary;      // summary, else description, else message, else the alert's name
  std::string description;  // where it says more than the summary
  std::string value;
  std::string limit;
  // Of an alert whose source failed, from the annotation `no_data`: "last known 5.8% at …; source lost: …".
  std::string not_current;
  std::string runbook_url;  // only if it is a web address
  std::string source_url;
  std::string own_labels;  // "tenant=a, job=b": those not common to the notification's alerts
  std::string since;       // "2026-11-21 00:00:05 UTC"
  std::string duration;    // from its start to its end, or to the tick
  // Of a lost source: the alerts that are kept in their last known state, one a line of the annotation `affected`.
  std::vector<std::string> affected;
  std::string state;  // "firing", "resolved", "lost", "back"
  std::string ended;  // what stands before the duration of an ended one: "Resolved after", "Back after"
  bool resolved = false;
};
AlertText Describe(const NotifiedAlert& notified, const Notification& notification);

// Firing ones first, worst severity first, else as they come.
std::vector<const NotifiedAlert*> ByImportance(const Notification& notification);

// The page of this alertmanager that shows the receiver's alerts; "" without an external URL.
std::string AlertsPage(const Notification& notification);

// At most `limit` code points; a cut text ends in "…".
std::string Shortened(std::string_view text, size_t limit);

}  // namespace alertmanager
