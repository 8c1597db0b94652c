#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace base {

Timestamp SystemClock::Now() const { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

bool SystemClock::SleepUntil(Timestamp deadline, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  // In slices, so that a step of the wall clock is noticed within a second.
  while (!stop.stop_requested()) {
    const Duration left = deadline - Now();
    if (left <= Duration::zero()) return true;
    never.wait_for(lock, stop, std::min(left, Duration(1000)), [] { return false; });
  }
  return false;
}

}  // namespace base
