#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace base {

Timestamp SystemClock::Now() const { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

bool SystemClock::SleepUntil(Timestamp deadline, std::stop_token stop) const {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  // A deadline of the wall clock, not a length of time: the kernel notices steps of that clock.
  while (!stop.stop_requested()) {
    if (Now() >= deadline) return true;
    never.wait_until(lock, stop, deadline, [] { return false; });
  }
  return false;
}

}  // namespace base
