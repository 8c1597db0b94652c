#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rules/alert_change.h"
#include "rules/live_rule.h"

namespace rules {

// What holds for groups that do not say otherwise.
struct GroupDefaults {
  base::Duration interval = std::chrono::minutes(1);
  base::Duration query_offset{0};
};

// A group as the API shows it.
struct GroupSnapshot {
  std::string file;
  std::string name;
  base::Duration interval{0};
  int limit = 0;
  std::optional<base::Timestamp> last_evaluation;
  std::chrono::nanoseconds duration{0};
  std::vector<RuleSnapshot> rules;
};

struct GroupOutcome {
  std::chrono::nanoseconds duration{0};
  std::vector<RuleOutcome> rules;  // empty where the evaluation was not done, see Group::Evaluate
};

// Rules that are evaluated together, one after the other, each seeing what those before it stored. Thread-safe:
// evaluations wait for each other, snapshots for nothing long.
class Group {
 public:
  Group(RuleGroup definition, const GroupDefaults& defaults);

  const RuleGroup& definition() const { return definition_; }
  std::string Key() const { return definition_.Key(); }
  base::Duration interval() const { return interval_; }

  // Groups are evaluated at instants that are a multiple of the interval plus an offset of the group's own, so that
  // they spread over the interval and stay at the same instants after a restart. The offset is that of Prometheus 3
  // (its default build) for the same file path and group name. The latest instant not after `now`.
  base::Timestamp SlotAt(base::Timestamp now) const;

  // Evaluates every rule as of `now`. Nothing is done where `now` is not later than the evaluation before (time does
  // not run backwards), or where the group's state was taken by a newer one.
  // With `past` it is an instant that was missed: alerts are moved on, and told of by the next evaluation without it.
  GroupOutcome Evaluate(base::Timestamp now, const Environment& environment, bool past = false);

  GroupSnapshot Snapshot() const;

  // As of when the series of this group end if it goes at `now`: after its last samples.
  base::Timestamp SeriesEnd(base::Timestamp now) const;

  // A rule's name in what is kept: the alert's name, its labels, and which of the equal ones it is.
  static std::string RuleKey(const Rule& rule, size_t occurrence);

  // Before the first evaluation: goes on where an earlier process stopped. Alerts of rules that are not here any more
  // are told to the keeper as gone. Time beyond one interval between that process' last evaluation and this one's first
  // does not count for `for` and keep_firing_for: nobody knows what was then. Returns the alerts to be told again.
  std::vector<base::Alert> Restore(KeptGroup kept, base::Timestamp now, const Environment& environment);
  // After it: the series that the recording rules wrote last, of the rules for which `alone` holds.
  void FindSeries(const std::function<bool(const Rule&)>& alone, const Environment& environment);

  // Whether a group of this definition would be the same, so that it may go on as it is.
  bool Same(const RuleGroup& definition, const GroupDefaults& defaults) const;

  // Alerts and series of the group this one replaces, rule by rule of equal name and labels, in order. What is left
  // over ends with this group's next evaluation. Waits for an evaluation of `old` under way; `old` does nothing after.
  void TakeStateFrom(Group& old, base::Timestamp now, StateKeeper* keeper);

  bool Writes(const base::Labels& series) const;
  // Ends the group: evaluations do nothing from now on. Returns the series it wrote last.
  std::vector<base::Labels> Retire(base::Timestamp now, StateKeeper* keeper);

 private:
  GroupChanges ForgetAll(base::Timestamp now);  // with evaluating_ held
  void SkipGap(base::Timestamp now);
  // Keeps what the rule at `index` changed, then sends its alerts. Takes both out of the outcome.
  void Tell(size_t index, RuleOutcome& outcome, base::Timestamp now, const Environment& environment) const;
  void EndLeftOvers(base::Timestamp time, const Environment& environment);

  const RuleGroup definition_;
  const base::Duration interval_;
  const base::Duration query_offset_;
  const base::Duration slot_offset_;
  const std::vector<std::unique_ptr<LiveRule>> rules_;
  const std::vector<std::string> rule_keys_;  // of the same places

  mutable std::mutex evaluating_;  // held during an evaluation
  // guarded by evaluating_
  std::vector<base::Labels> left_over_;
  bool retired_ = false;
  bool restored_ = false;  // and not evaluated since

  mutable std::mutex mutex_;
  // guarded by mutex_
  std::optional<base::Timestamp> last_evaluation_;
  std::chrono::nanoseconds duration_{0};
};

// Writes staleness markers at `time` for series nobody writes any more.
void EndSeries(const std::vector<base::Labels>& series, base::Timestamp time, store::Appendable& appendable);

}  // namespace rules
