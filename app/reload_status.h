#pragma once

#include <prometheus/registry.h>

#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"

namespace prometheus {
class Gauge;
}

namespace app {

// How the last attempts to read the configuration went, as a value and as metrics: <prefix>_config_last_reload_…, for
// each prefix ("tocsin", and the programs whose dashboards look for theirs). Thread-safe.
class ReloadStatus {
 public:
  struct State {
    bool successful = true;
    base::Timestamp last_success;
  };
  ReloadStatus(prometheus::Registry& registry, const std::vector<std::string>& prefixes);
  void Succeeded(base::Timestamp now);
  void Failed();
  State Get() const;

 private:
  struct Gauges {
    prometheus::Gauge& successful;
    prometheus::Gauge& success_time;
  };
  std::vector<Gauges> gauges_;
  mutable std::mutex mutex_;
  State state_;  // guarded by mutex_
};

}  // namespace app
