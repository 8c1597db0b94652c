#pragma once

#include <optional>

#include "base/time.h"

namespace remote {

// Lets a log line through once a minute, and then says for how much it stands. Not thread-safe.
class LogLimit {
 public:
  // What was added since the last line, `count` included; nullopt where it is too early for one.
  std::optional<size_t> Add(size_t count, base::Timestamp now) {
    count_ += count;
    if (count_ == 0 || (last_ && now - *last_ < std::chrono::minutes(1))) return std::nullopt;
    last_ = now;
    const size_t all = count_;
    count_ = 0;
    return all;
  }

 private:
  std::optional<base::Timestamp> last_;
  size_t count_ = 0;
};

}  // namespace remote
