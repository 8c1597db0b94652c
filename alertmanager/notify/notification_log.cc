#include "alertmanager/notify/notification_log.h"

#include <algorithm>
#include <iterator>

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

void NotificationLog::Attempt(const std::string& key, const Fingerprints& firing, base::Timestamp now,
                              base::Timestamp expires) {
  const LogEntry* const told = Find(key, now);
  LogEntry entry = told != nullptr ? *told : LogEntry{now, {}, {}};
  entry.attempted.clear();
  std::ranges::set_difference(firing, entry.firing, std::inserter(entry.attempted, entry.attempted.end()));
  if (!entry.attempted.empty()) Put(key, std::move(entry), expires);
}

void NotificationLog::ForgetAttempt(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.entry.attempted.empty()) return;
  LogEntry& entry = found->second.entry;
  entry.attempted.clear();
  const bool nothing_left = entry.firing.empty() && entry.resolved.empty();
  changes_.push_back({key, nothing_left ? std::nullopt : std::optional(found->second)});
  if (nothing_left) entries_.erase(found);
}

void NotificationLog::ForgetFiring(const std::string& key, const Fingerprints& alerts) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  size_t forgotten = 0;
  LogEntry& entry = found->second.entry;
  for (const uint64_t fingerprint : alerts) {
    forgotten += entry.firing.erase(fingerprint) + entry.attempted.erase(fingerprint);
  }
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
