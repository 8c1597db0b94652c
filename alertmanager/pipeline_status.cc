#include <algorithm>

#include "alertmanager/pipeline.h"

// What the API and the metrics show of a Pipeline: judged at the moment of asking, changing nothing.

namespace alertmanager {

std::vector<AlertStatus> Pipeline::Alerts(base::Timestamp now) const {
  const Inhibitions inhibitions(config_->inhibit_rules, Firing(now));
  std::set<uint64_t> processed;
  for (const auto& [id, group] : groups_) {
    for (const auto& [fingerprint, alert] : group.alerts) processed.insert(fingerprint);
  }
  std::vector<AlertStatus> statuses;
  for (const auto& [fingerprint, stored] : store_.alerts()) {
    if (stored->alert.ResolvedAt(now)) continue;
    AlertStatus& status = statuses.emplace_back();
    status.alert = stored;
    for (const Route* route : RoutesOf(*stored, now)) status.receivers.push_back(route->receiver);
    status.inhibited_by = inhibitions.InhibitedBy(stored->alert.labels);
    status.processed = processed.contains(fingerprint);
  }
  std::ranges::sort(statuses, {}, [](const AlertStatus& status) { return status.alert->fingerprint; });
  return statuses;
}

std::vector<GroupStatus> Pipeline::Groups(base::Timestamp now) const {
  std::map<uint64_t, AlertStatus> alerts;
  for (AlertStatus& status : Alerts(now)) alerts.emplace(status.alert->fingerprint, std::move(status));
  std::vector<GroupStatus> groups;
  for (const auto& [id, group] : groups_) {
    GroupStatus& shown =
        groups.emplace_back(GroupStatus{group.labels, group.route->receiver, group.key, group.next, {}});
    for (const auto& [fingerprint, alert] : group.alerts) {
      const auto status = alerts.find(fingerprint);
      if (status != alerts.end()) shown.alerts.push_back(status->second);
    }
    if (shown.alerts.empty()) groups.pop_back();
  }
  std::ranges::sort(groups, [](const GroupStatus& a, const GroupStatus& b) {
    return a.labels == b.labels ? a.receiver < b.receiver : LabelsBefore(a.labels, b.labels);
  });
  return groups;
}

PipelineCounts Pipeline::Counts(base::Timestamp now) const {
  const Inhibitions inhibitions(config_->inhibit_rules, Firing(now));
  PipelineCounts counts;
  counts.groups = groups_.size();
  for (const auto& [fingerprint, stored] : store_.alerts()) {
    if (stored->alert.ResolvedAt(now)) continue;
    ++(inhibitions.InhibitedBy(stored->alert.labels) ? counts.suppressed : counts.active);
  }
  return counts;
}

}  // namespace alertmanager
