#include "alertmanager/alert_store.h"

#include <algorithm>

#include "alertmanager/fingerprint.h"

namespace alertmanager {
namespace {

bool Overlap(const base::Alert& older, const base::Alert& newer) {
  const auto inside = [&](base::Timestamp time) { return older.starts_at < time && time < older.ends_at; };
  return inside(newer.starts_at) || inside(newer.ends_at);
}

}  // namespace

StoredAlert Complete(const PostedAlert& posted, base::Duration resolve_timeout, base::Timestamp now) {
  StoredAlert stored;
  stored.alert.labels = posted.labels;
  stored.alert.annotations = posted.annotations;
  stored.alert.generator_url = posted.generator_url;
  stored.alert.route_as = posted.route_as;
  stored.alert.starts_at = posted.starts_at.value_or(posted.ends_at.value_or(now));
  stored.alert.ends_at = posted.ends_at.value_or(now + resolve_timeout);
  stored.timeout = !posted.ends_at;
  stored.updated_at = now;
  stored.fingerprint = Fingerprint(posted.labels);
  return stored;
}

StoredAlert Merge(const StoredAlert& older, const StoredAlert& newer, base::Timestamp now) {
  if (newer.updated_at < older.updated_at) return Merge(newer, older, now);
  StoredAlert merged = newer;
  merged.alert.starts_at = std::min(older.alert.starts_at, newer.alert.starts_at);
  const bool later = older.alert.ends_at > newer.alert.ends_at;
  if (newer.alert.ResolvedAt(now)) {
    if (later && older.alert.ResolvedAt(now)) merged.alert.ends_at = older.alert.ends_at;
  } else if (later && !older.timeout) {
    merged.alert.ends_at = older.alert.ends_at;
    merged.timeout = false;
  }
  return merged;
}

bool SameToKeep(const StoredAlert& a, const StoredAlert& b, base::Timestamp now) {
  const bool resolved = a.alert.ResolvedAt(now);
  if (resolved != b.alert.ResolvedAt(now) || (resolved && a.alert.ends_at != b.alert.ends_at)) return false;
  StoredAlert same = b;
  same.updated_at = a.updated_at;
  same.alert.ends_at = a.alert.ends_at;
  return same == a;
}

StoredAlert Resumed(StoredAlert kept, base::Duration resolve_timeout, base::Timestamp now) {
  const base::Duration left = kept.alert.ends_at - kept.updated_at;
  if (left > base::Duration(0))
    kept.alert.ends_at = std::max(kept.alert.ends_at, now + std::min(left, resolve_timeout));
  return kept;
}

AlertStore::Pointer AlertStore::Put(StoredAlert alert, base::Timestamp now) {
  Pointer& held = alerts_[alert.fingerprint];
  if (held && Overlap(held->alert, alert.alert)) alert = Merge(*held, alert, now);
  held = std::make_shared<const StoredAlert>(std::move(alert));
  return held;
}

void AlertStore::CollectGarbage(base::Timestamp now) {
  std::erase_if(alerts_, [&](const auto& entry) { return entry.second->alert.ResolvedAt(now); });
}

}  // namespace alertmanager
