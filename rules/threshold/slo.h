#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"
#include "rules/threshold/threshold.h"

// Service level objectives as Prometheus rules: multi-window, multi-burn-rate alerts, as Google's SRE workbook (chapter
// 5, "Alerting on SLOs") lays them out for 30 days, their windows scaled to the objective's. Pure functions.
//
// The burn rate is how many times too fast the error budget is spent: at 1, it is gone just when the window ends. An
// alert needs the rate in a long window, which says that it matters, and in a short one, which says that it goes on.

namespace rules {

inline constexpr std::string_view kSloErrorRatio = "tocsin_slo_error_ratio";
inline constexpr std::string_view kSloObjective = "tocsin_slo_objective_ratio";
inline constexpr std::string_view kSloBudget = "tocsin_slo_error_budget_remaining_ratio";

struct BurnRate {
  Severity severity = Severity::critical;
  double factor = 0;
  base::Duration long_window{0};
  base::Duration short_window{0};
};

// Those of an objective over `window` whose error ratio can be reached: one above 100 % cannot.
std::vector<BurnRate> BurnRates(const Slo& slo);

// The share of events that went wrong within `window`.
std::string ErrorRatio(const Threshold& threshold, base::Duration window);

// Adds the recorded ratios of every window, the objective and what is left of the budget; then the alerts.
void AppendSloRules(const Threshold& threshold, RuleGroup& group);

}  // namespace rules
