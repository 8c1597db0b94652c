#include "app/clock_watch.h"

#include <condition_variable>

#include "app/add_family.h"
#include "base/log.h"
#include "base/text.h"

namespace app {
namespace {

constexpr std::chrono::seconds kInterval{1};

}  // namespace

void ClockWatch::Sample(base::Timestamp wall, std::chrono::steady_clock::time_point steady) {
  const base::Duration offset = wall.time_since_epoch() - std::chrono::floor<base::Duration>(steady.time_since_epoch());
  base::Duration jump{0};
  {
    const std::scoped_lock lock(mutex_);
    if (offset_) jump = offset - *offset_;
    offset_ = offset;
    if (std::chrono::abs(jump) <= kSmallestJump) return;
    ++jumps_;
    last_jump_ = jump;
  }
  base::LogWarn("the machine's clock was set", {{"by_seconds", base::FormatFloat(base::ToSeconds(jump))}});
}

void ClockWatch::Start(const base::Clock& clock) {
  thread_ = std::jthread([this, &clock](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      Sample(clock.Now(), std::chrono::steady_clock::now());
      never.wait_for(lock, stop, kInterval, [] { return false; });
    }
  });
}

exporter::MetricFamilies ClockWatch::Metrics() const {
  const std::scoped_lock lock(mutex_);
  exporter::MetricFamilies families;
  exporter::AddSample(AddFamily(families, "tocsin_clock_jumps_total", exporter::MetricType::counter,
                                "How often the wall clock moved by more than two seconds against the steady clock."),
                      "", static_cast<double>(jumps_));
  exporter::AddSample(AddFamily(families, "tocsin_clock_jump_seconds", exporter::MetricType::gauge,
                                "By how much the wall clock moved the last time; negative where it was set back."),
                      "", base::ToSeconds(last_jump_));
  return families;
}

}  // namespace app
