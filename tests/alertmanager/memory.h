#pragma once

#include <cstdint>
#include <map>

#include "alertmanager/pipeline_state.h"

namespace alertmanager {

// What a keeper holds after the changes it was given.
class Memory {
 public:
  void Keep(PipelineChanges changes) {
    for (auto& change : changes.alerts) {
      if (change.now) {
        alerts_[change.fingerprint] = *change.now;
      } else {
        alerts_.erase(change.fingerprint);
      }
    }
    for (auto& change : changes.log) {
      if (change.now) {
        log_[change.key] = *change.now;
      } else {
        log_.erase(change.key);
      }
    }
  }
  PipelineState State() const {
    PipelineState state{.alerts = {}, .log = log_};
    for (const auto& [fingerprint, alert] : alerts_) state.alerts.push_back(alert);
    return state;
  }
  size_t alerts() const { return alerts_.size(); }

 private:
  std::map<uint64_t, StoredAlert> alerts_;
  NotificationLog::Entries log_;
};

}  // namespace alertmanager
