#include "app/reload_status.h"

#include <prometheus/gauge.h>

namespace app {

ReloadStatus::ReloadStatus(prometheus::Registry& registry)
    : successful_(prometheus::BuildGauge()
                      .Name("tocsin_config_last_reload_successful")
                      .Help("Whether the last attempt to read the configuration succeeded.")
                      .Register(registry)
                      .Add({})),
      success_time_(prometheus::BuildGauge()
                        .Name("tocsin_config_last_reload_success_timestamp_seconds")
                        .Help("When the configuration was last read successfully.")
                        .Register(registry)
                        .Add({})) {}

void ReloadStatus::Succeeded(base::Timestamp now) {
  successful_.Set(1);
  success_time_.Set(base::ToSeconds(now));
  const std::scoped_lock lock(mutex_);
  state_ = {true, now};
}

void ReloadStatus::Failed() {
  successful_.Set(0);
  const std::scoped_lock lock(mutex_);
  state_.successful = false;
}

ReloadStatus::State ReloadStatus::Get() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

}  // namespace app
