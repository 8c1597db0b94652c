#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"

// The rules that tocsin brings itself. They are ordinary PromQL rules on series that are stored here: up, and the
// metrics of the exporter and of tocsin's own page.

namespace rules {

// What the groups' `file` is, in the API and in metrics.
inline constexpr std::string_view kBuiltinFile = "builtin";
// The alert that tells of a lost source. Its labels: job, instance, kind ("target", "database" or "collector"), where
// known target and collector, and severity.
inline constexpr std::string_view kSourceLost = "SourceLost";

struct BuiltinOptions {
  // Whether SourceLost goes to the root route, and whether the alerts about tocsin itself exist. Without it SourceLost
  // only reaches the receivers of alerts that are kept without data.
  bool alerts = true;
  base::Duration evaluation_interval = std::chrono::minutes(1);
  // Of the jobs with another scrape interval than most: by interval, their names. `scrape_interval` holds for all
  // others.
  std::map<base::Duration, std::vector<std::string>> jobs{};
  base::Duration scrape_interval = std::chrono::minutes(1);
  // The own job, and its collectors that run less often than the page is scraped: by min_interval, their names.
  std::string own_job = "tocsin";
  base::Duration own_interval = std::chrono::minutes(1);
  std::map<base::Duration, std::vector<std::string>> slow_collectors{};
  // The name of the one database of the own exporter, which then does not label its series; "" with none or several.
  std::string only_target{};
};

// The groups, parsed. Constant expressions: cannot fail.
std::vector<RuleGroup> BuiltinRules(const BuiltinOptions& options);

// docs/builtin-alerts.md: every alert with its meaning and what to do.
std::string BuiltinAlertsPage();

}  // namespace rules
