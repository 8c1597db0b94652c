#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "rules/alert_change.h"

// What fired, when and for how long: pure functions over the history's lines.

namespace rules {

// One line of the history: an alert changed its state.
struct HistoryEntry {
  int64_t id = 0;
  base::Timestamp time;
  std::string group;  // RuleGroup::Key()
  base::Labels labels;
  base::Labels annotations;
  double value = 0;
  std::string before;  // "none", "pending", "firing", "inactive"
  std::string after;
  std::string cause;  // ToString(ChangeCause)
  base::Timestamp active_at;
  std::optional<base::Timestamp> fired_at;
};

// An alert that fired, from its start to its end.
struct FiringSpan {
  base::Labels labels;
  base::Timestamp fired_at;
  std::optional<base::Timestamp> ended_at;  // nullopt: it still fires
};

struct HistorySummary {
  base::Labels labels;
  size_t fired = 0;
  base::Duration firing{0};  // all spans together, an open one up to `now`
  std::optional<base::Duration> mean_time_to_resolve;
  std::optional<base::Timestamp> last_fired_at;
};

// The spans in which alerts fired, by start. Entries oldest first; a span that began before the first of them begins
// with what the entry that ends it says.
std::vector<FiringSpan> FiringSpans(const std::vector<HistoryEntry>& entries);
// One row an alert, those that fired longest first.
std::vector<HistorySummary> Summarize(const std::vector<FiringSpan>& spans, base::Timestamp now);

}  // namespace rules
