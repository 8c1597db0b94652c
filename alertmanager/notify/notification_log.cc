#include "alertmanager/notify/notification_log.h"

namespace alertmanager {

const LogEntry* NotificationLog::Find(const std::string& key, base::Timestamp now) const {
  const auto found = entries_.find(key);
  return found == entries_.end() || found->second.expires <= now ? nullptr : &found->second.entry;
}

void NotificationLog::Put(const std::string& key, LogEntry entry, base::Timestamp expires) {
  const Kept kept{std::move(entry), expires};
  changes_.push_back({key, kept});
  entries_.insert_or_assign(key, kept);
}

void NotificationLog::ForgetFiring(const std::string& key, const Fingerprints& alerts) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  size_t forgotten = 0;
  for (const uint64_t fingerprint : alerts) forgotten += found->second.entry.firing.erase(fingerprint);
  if (forgotten > 0) changes_.push_back({key, found->second});
}

void NotificationLog::CollectGarbage(base::Timestamp now) {
  std::erase_if(entries_, [&](const auto& entry) {
    if (entry.second.expires > now) return false;
    changes_.push_back({entry.first, std::nullopt});
    return true;
  });
}

}  // namespace alertmanager
