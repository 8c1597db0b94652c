#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "rules/alert_change.h"

namespace rules::testing {

// Keeps in memory what a database would.
class MemoryKeeper : public StateKeeper {
 public:
  void Keep(GroupChanges changes) override {
    if (changes.event == GroupEvent::evaluated) state[changes.group].evaluated = changes.time;
    for (const RuleChanges& rule : changes.rules) {
      auto& alerts = state[changes.group].alerts[rule.rule];
      for (const AlertChange& change : rule.alerts) {
        std::erase_if(alerts, [&](const ActiveAlert& one) { return one.labels == change.alert.labels; });
        if (!change.forgotten) alerts.push_back(change.alert);
        Tell(rule.name, change);
      }
      if (alerts.empty()) state[changes.group].alerts.erase(rule.rule);
    }
    if (changes.event == GroupEvent::ended) state.erase(changes.group);
  }

  KeptState state;
  std::string history;  // "A: none>pending found; A: pending>firing held"

 private:
  void Tell(const std::string& name, const AlertChange& change) {
    if (change.cause == ChangeCause::none) return;
    if (!history.empty()) history += "; ";
    fmt::format_to(std::back_inserter(history), "{}: {}>{} {}", name, change.before ? ToString(*change.before) : "none",
                   change.forgotten ? "none" : ToString(change.alert.status.state), ToString(change.cause));
  }
};

}  // namespace rules::testing
