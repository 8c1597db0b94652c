#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "alertmanager/notify/dedup.h"
#include "base/time.h"

namespace alertmanager {

// What each integration was last told about each group, so that nobody is told twice; also after a restart, if what
// TakeChanges returns is kept and given back. A value without clock or lock. Semantics: Alertmanager's nflog.
class NotificationLog {
 public:
  struct Kept {
    LogEntry entry;
    base::Timestamp expires;
    bool operator==(const Kept&) const = default;
  };
  struct Change {
    std::string key;
    std::optional<Kept> now;  // nullopt: removed
    bool operator==(const Change&) const = default;
  };

  // nullptr if there is none or it has expired.
  const LogEntry* Find(const std::string& key, base::Timestamp now) const;
  void Put(const std::string& key, LogEntry entry, base::Timestamp expires);
  // Before a delivery: these firing alerts are about to be told of. Nothing if all of them were told of.
  void Attempt(const std::string& key, const Fingerprints& firing, base::Timestamp now, base::Timestamp expires);
  // The delivery failed for good.
  void ForgetAttempt(const std::string& key);
  // Takes the alerts out of those the entry says were told of as firing.
  void ForgetFiring(const std::string& key, const Fingerprints& alerts);
  void CollectGarbage(base::Timestamp now);

  using Entries = std::map<std::string, Kept>;  // by group key and integration

  // Of an earlier process; no change.
  void Restore(Entries entries) { entries_ = std::move(entries); }
  // Since the last call, in order.
  std::vector<Change> TakeChanges() { return std::exchange(changes_, {}); }

 private:
  Entries entries_;
  std::vector<Change> changes_;
};

}  // namespace alertmanager
