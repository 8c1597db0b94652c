#include "app/reload_status.h"

#include <prometheus/gauge.h>

namespace app {

ReloadStatus::ReloadStatus(prometheus::Registry& registry, const std::vector<std::string>& prefixes) {
  const auto gauge = [&](const std::string& name, const std::string& help) -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  };
  for (const std::string& prefix : prefixes) {
    gauges_.push_back({gauge(prefix + "_config_last_reload_successful",
                             "Whether the last attempt to read the configuration succeeded."),
                       gauge(prefix + "_config_last_reload_success_timestamp_seconds",
                             "When the configuration was last read successfully.")});
  }
}

void ReloadStatus::Succeeded(base::Timestamp now) {
  for (const Gauges& gauges : gauges_) {
    gauges.successful.Set(1);
    gauges.success_time.Set(base::ToSeconds(now));
  }
  const std::scoped_lock lock(mutex_);
  state_ = {true, now};
}

void ReloadStatus::Failed() {
  for (const Gauges& gauges : gauges_) gauges.successful.Set(0);
  const std::scoped_lock lock(mutex_);
  state_.successful = false;
}

ReloadStatus::State ReloadStatus::Get() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

}  // namespace app
