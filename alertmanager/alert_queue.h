#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/alert.h"

namespace alertmanager {

// Alerts on their way to one peer, oldest first and bounded. Of one alert only the newest version waits: who takes it
// needs no other. Not thread-safe.
class AlertQueue {
 public:
  explicit AlertQueue(size_t capacity) : capacity_(capacity) {}

  // How many of the oldest had to go.
  size_t Push(std::span<const base::Alert> alerts);
  std::vector<base::Alert> Take(size_t count);
  // What Take gave and could not be sent, back to the front; not where a newer version came meanwhile. How many had
  // to go.
  size_t Return(std::vector<base::Alert> alerts);
  size_t size() const { return alerts_.size(); }

 private:
  size_t capacity_;
  int64_t next_ = 0;   // of Push
  int64_t front_ = 0;  // of Return, falling
  std::map<int64_t, base::Alert> alerts_;
  std::unordered_map<uint64_t, int64_t> places_;  // by fingerprint
};

}  // namespace alertmanager
