#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "rules/rule.h"

// Evaluations that were missed, because the process was down or stood still, done afterwards from stored samples. Pure.

namespace rules {

// Which instant a group is evaluated at next. Not thread-safe.
//
// Missed instants are caught up one at a time, oldest first, before the present one, so that groups which read each
// other's series go on side by side. Those more than `most` back are passed over. A group that misses instants because
// it is slow must not be made slower: it catches up again only after it has been on time once, and by then has done no
// more than twice the evaluations that were missing.
class CatchUp {
 public:
  struct Turn {
    base::Timestamp slot;
    int64_t missed = 0;  // instants passed over before it, for good
    bool past = false;   // a later one is due already
    int64_t begins = 0;  // at the first of a catching-up: how many were missed that are made up for
  };

  // `last` is the instant of the evaluation before, `latest` the last one that is due (last + n * interval, n > 0).
  Turn Next(base::Timestamp last, base::Timestamp latest, base::Duration interval, base::Duration most);

 private:
  int64_t left_ = 0;  // evaluations of the past that may still be done
  bool on_time_ = true;
};

// Bounds what one group catches up, whatever its interval.
inline constexpr int64_t kMostCaughtUp = 10'000;

// Which recording rules are the only ones to write their series.
class Writers {
 public:
  explicit Writers(std::span<const RuleGroup> groups);
  bool Alone(const Rule& rule) const;

 private:
  std::map<std::string, std::vector<TextMap>> labels_;  // by name
};

}  // namespace rules
