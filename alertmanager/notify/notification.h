#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"

namespace alertmanager {

// Why a group is told of now, in Alertmanager's words (`notification_reason` of the webhook).
enum class NotifyReason : uint8_t { none, first, new_alerts, all_resolved, some_resolved, repeat };
std::string_view ToString(NotifyReason reason);

struct NotifiedAlert {
  base::Alert alert;
  uint64_t fingerprint = 0;
  bool resolved = false;  // as of the group's tick; while false, alert.ends_at only says when it would time out
  bool operator==(const NotifiedAlert&) const = default;
};

// What a receiver is told: one group of alerts at one tick. A value; every message is built from it alone.
struct Notification {
  std::string receiver;
  std::string group_key;
  base::Labels group_labels;
  std::vector<NotifiedAlert> alerts;  // ordered by NotifiedBefore
  NotifyReason reason = NotifyReason::first;
  std::string external_url;  // of this alertmanager's pages
  base::Timestamp now;       // the tick
  base::Duration repeat_interval{0};

  bool Firing() const { return FiringCount() > 0; }
  size_t FiringCount() const;
  base::Labels CommonLabels() const;  // those every alert carries with the same value
  base::Labels CommonAnnotations() const;
};

// Alertmanager's order of label sets: fewer labels first, then by name and value, who lacks a name before who has it.
bool LabelsBefore(const base::Labels& a, const base::Labels& b);

// The order of alerts within a notification: by job, then instance, those without last, then as LabelsBefore.
bool NotifiedBefore(const base::Labels& a, const base::Labels& b);

}  // namespace alertmanager
