#include "rules/alert_change.h"

namespace rules {
namespace {

ChangeCause CauseOf(const std::optional<AlertStatus>& before, const AlertStatus& after) {
  if (before && before->state == after.state && before->active_at == after.active_at) return ChangeCause::none;
  switch (after.state) {
    case AlertState::pending:
      return before && before->state == AlertState::firing ? ChangeCause::for_raised : ChangeCause::found;
    case AlertState::firing:
      return before && before->state == AlertState::pending ? ChangeCause::held : ChangeCause::found;
    case AlertState::resolved:
      return before && before->keep_firing_since ? ChangeCause::keep_firing_over : ChangeCause::not_found;
  }
  return ChangeCause::none;
}

}  // namespace

std::string_view ToString(ChangeCause cause) {
  switch (cause) {
    case ChangeCause::none:
      return "";
    case ChangeCause::found:
      return "found";
    case ChangeCause::held:
      return "held";
    case ChangeCause::not_found:
      return "not_found";
    case ChangeCause::keep_firing_over:
      return "keep_firing_over";
    case ChangeCause::for_raised:
      return "for_raised";
    case ChangeCause::source_lost:
      return "source_lost";
    case ChangeCause::source_back:
      return "source_back";
    case ChangeCause::limit:
      return "limit";
    case ChangeCause::rule_gone:
      return "rule_gone";
  }
  return "";
}

std::optional<AlertChange> ChangeBetween(const std::optional<KeptAlertState>& before, const ActiveAlert& after) {
  if (before == KeptAlertState{after.status, after.no_data}) return std::nullopt;
  AlertChange change{.alert = after, .before = std::nullopt, .cause = ChangeCause::none};
  if (before) change.before = before->status.state;
  change.cause = CauseOf(before ? std::optional(before->status) : std::nullopt, after.status);
  const bool was_lost = before && before->no_data;
  if (change.cause == ChangeCause::none && was_lost != after.no_data.has_value()) {
    change.cause = was_lost ? ChangeCause::source_back : ChangeCause::source_lost;
  }
  return change;
}

GroupChanges Gone(const std::string& group, KeptGroup kept, base::Timestamp now, GroupEvent event) {
  GroupChanges gone{.group = group, .time = now, .event = event, .rules = {}};
  for (auto& [rule, alerts] : kept.alerts) {
    RuleChanges changes{.rule = rule, .name = {}, .alerts = {}};
    for (ActiveAlert& alert : alerts) {
      changes.name = alert.labels.Get("alertname");
      const AlertState was = alert.status.state;
      changes.alerts.push_back({.alert = std::move(alert),
                                .before = was,
                                .forgotten = true,
                                .cause = was == AlertState::resolved ? ChangeCause::none : ChangeCause::rule_gone});
    }
    gone.rules.push_back(std::move(changes));
  }
  return gone;
}

}  // namespace rules
