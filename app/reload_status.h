#pragma once

#include <prometheus/registry.h>

#include <mutex>

#include "base/time.h"

namespace prometheus {
class Gauge;
}

namespace app {

// How the last attempts to read the configuration went, as a value and as metrics. Thread-safe.
class ReloadStatus {
 public:
  struct State {
    bool successful = true;
    base::Timestamp last_success;
  };
  explicit ReloadStatus(prometheus::Registry& registry);
  void Succeeded(base::Timestamp now);
  void Failed();
  State Get() const;

 private:
  prometheus::Gauge& successful_;
  prometheus::Gauge& success_time_;
  mutable std::mutex mutex_;
  State state_;  // guarded by mutex_
};

}  // namespace app
