#pragma once

#include <stop_token>

#include "base/time.h"

namespace base {

// Where the present moment comes from. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
  // Sleeps until `deadline` of this clock or until `stop` is requested; true if the deadline was reached.
  virtual bool SleepUntil(Timestamp deadline, std::stop_token stop) const = 0;
};

// The machine's clock. Built by app/ alone.
class SystemClock : public Clock {
 public:
  Timestamp Now() const override;
  bool SleepUntil(Timestamp deadline, std::stop_token stop) const override;
};

}  // namespace base
