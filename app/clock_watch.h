#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "exporter/metric_family.h"

namespace app {

// Counts the steps of the wall clock: how often it moved by more than kSmallestJump against the steady clock between
// two samples. Thread-safe.
class ClockWatch {
 public:
  static constexpr base::Duration kSmallestJump = std::chrono::seconds(2);

  // Takes a sample of both clocks. The first one only sets the mark.
  void Sample(base::Timestamp wall, std::chrono::steady_clock::time_point steady);
  // Samples `clock`, which outlives this, once a second from now on.
  void Start(const base::Clock& clock);

  // tocsin_clock_jumps_total, and tocsin_clock_jump_seconds: the size of the last one, negative where the clock was set
  // back.
  exporter::MetricFamilies Metrics() const;

 private:
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::optional<base::Duration> offset_;
  uint64_t jumps_ = 0;
  base::Duration last_jump_{0};
  std::jthread thread_;
};

}  // namespace app
