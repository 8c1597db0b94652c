#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "rules/alert_state.h"
#include "rules/no_data/policy.h"

// What evaluations change of alerts, as values: what is kept across restarts, and what the history is made of.

namespace rules {

struct ActiveAlert {
  base::Labels labels;
  base::Labels annotations;
  double value = 0;
  AlertStatus status;
  std::optional<NoData> no_data{};  // kept although its source failed
};

// Why an alert's state changed.
enum class ChangeCause : uint8_t {
  none,              // it did not; the alert was sent again
  found,             // the expression found it
  held,              // found for as long as `for` asks
  not_found,         // the expression no longer finds it
  keep_firing_over,  // nor did it for keep_firing_for
  for_raised,        // a reload raised `for` above what has passed
  source_lost,       // the source of its series failed; the alert is kept as it was
  source_back,       // the source answers again, and the expression finds the alert
  limit,             // the rule had more alerts than its group's limit and lost all of them
  rule_gone,         // the rule was changed or removed
};
std::string_view ToString(ChangeCause cause);  // "found", "keep_firing_over"; "" for none

struct AlertChange {
  ActiveAlert alert;                 // as it is now; a forgotten one as it was
  std::optional<AlertState> before;  // nullopt: it is new
  bool forgotten = false;            // nothing is known of it any more
  ChangeCause cause = ChangeCause::none;
};

// The state of an alert that changes are told against: what was kept last.
struct KeptAlertState {
  AlertStatus status;
  std::optional<NoData> no_data;
  bool operator==(const KeptAlertState&) const = default;
};
// The change between two states of one alert; nullopt if they are equal.
std::optional<AlertChange> ChangeBetween(const std::optional<KeptAlertState>& before, const ActiveAlert& after);

struct RuleChanges {
  std::string rule;  // Group::RuleKey
  std::string name;
  std::vector<AlertChange> alerts;
};

enum class GroupEvent : uint8_t {
  rule_evaluated,  // one of its rules; the evaluation of the group goes on
  evaluated,       // all of them
  reloaded,        // or restored: rules went, and their alerts
  ended,           // nothing of the group is to be kept
};

struct GroupChanges {
  std::string group;  // RuleGroup::Key()
  base::Timestamp time;
  GroupEvent event = GroupEvent::evaluated;
  std::vector<RuleChanges> rules;
};

// Where changes are kept. Keep is called after the rule's samples were appended and before its alerts are sent, in the
// order of evaluations of a group; it neither waits for a disk nor fails. Thread-safe.
class StateKeeper {
 public:
  virtual ~StateKeeper() = default;
  virtual void Keep(GroupChanges changes) = 0;
};

struct KeptGroup {
  base::Timestamp evaluated;                               // the last time
  std::map<std::string, std::vector<ActiveAlert>> alerts;  // by Group::RuleKey
};
using KeptState = std::map<std::string, KeptGroup>;  // by RuleGroup::Key()

// That nothing of it is known any more, because its rules are gone.
GroupChanges Gone(const std::string& group, KeptGroup kept, base::Timestamp now, GroupEvent event);

}  // namespace rules
