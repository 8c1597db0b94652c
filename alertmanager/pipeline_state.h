#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "alertmanager/alert_store.h"
#include "alertmanager/notify/notification_log.h"

// What a Pipeline needs in order to go on in another process: the alerts that its groups hold and the notification log.

namespace alertmanager {

struct PipelineState {
  std::vector<StoredAlert> alerts;  // firing ones, and resolved ones whose end was not told to everybody
  NotificationLog::Entries log;
};

struct PipelineChanges {
  struct AlertChange {
    uint64_t fingerprint = 0;
    std::shared_ptr<const StoredAlert> now;  // null: no group holds it any more
  };
  std::vector<AlertChange> alerts;
  std::vector<NotificationLog::Change> log;
  bool empty() const { return alerts.empty() && log.empty(); }
};

// Where the changes are kept, in the order of the calls. Keep neither waits for a disk nor fails. It calls `done`, on
// any thread, once the changes are committed or an attempt to commit them failed; it does not call it for changes that
// are dropped. Thread-safe.
class PipelineKeeper {
 public:
  virtual ~PipelineKeeper() = default;
  virtual void Keep(PipelineChanges changes, std::function<void()> done) = 0;
};

}  // namespace alertmanager
