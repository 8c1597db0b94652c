#include "rules/threshold/slo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/threshold/threshold_parts.h"

namespace rules {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// For 30 days: 2 % of the budget in an hour, 5 % in six, 10 % in a day, 10 % in three days.
constexpr base::Duration kWorkbookWindow = hours(30 * 24);
constexpr std::array<BurnRate, 4> kWorkbook = {{
    {Severity::critical, 14.4, hours(1), minutes(5)},
    {Severity::critical, 6, hours(6), minutes(30)},
    {Severity::warning, 3, hours(24), hours(2)},
    {Severity::warning, 1, hours(72), hours(6)},
}};

// To whole minutes, and no shorter than a rate can be told from samples that are a minute apart.
base::Duration Scale(base::Duration workbook, base::Duration window) {
  const double scaled = base::ToSeconds(workbook) * base::ToSeconds(window) / base::ToSeconds(kWorkbookWindow) / 60;
  return std::max<base::Duration>(minutes(std::lround(scaled)), minutes(5));
}

std::string RatioSeries(const Threshold& threshold, base::Duration window) {
  return fmt::format("{}{{threshold={},window={}}}", kSloErrorRatio, base::Quote(threshold.name),
                     base::Quote(base::FormatDuration(window)));
}

Rule RatioRecord(const Threshold& threshold, base::Duration window) {
  Rule rule = MakeRecord(threshold, kSloErrorRatio, ErrorRatio(threshold, window));
  rule.labels["window"] = base::FormatDuration(window);
  return rule;
}

Rule BurnAlert(const Threshold& threshold, Severity severity, const std::vector<BurnRate>& rates) {
  std::vector<std::string> terms;
  std::vector<std::string> factors;
  for (const BurnRate& rate : rates) {
    if (rate.severity != severity) continue;
    const std::string limit =
        fmt::format("{} * {}", base::FormatFloat(rate.factor), base::FormatFloat(threshold.slo.budget));
    terms.push_back(fmt::format("({} > {} and ignoring (window) {} > {})", RatioSeries(threshold, rate.long_window),
                                limit, RatioSeries(threshold, rate.short_window), limit));
    factors.push_back(
        fmt::format("> {} in {}", base::FormatFloat(rate.factor), base::FormatDuration(rate.long_window)));
  }
  Rule rule = MakeAlert(threshold, severity);
  rule.expression = WhileActive(threshold, severity, base::Join(terms, " or ignoring (window) "));
  // the alert stays the same one whichever of the windows raises it
  rule.labels.emplace("threshold", "");
  rule.labels.emplace("window", "");
  const std::string objective =
      fmt::format("{} over {}", threshold.slo.objective_text, base::FormatDuration(threshold.slo.window));
  rule.annotations["value"] = "{{ $value | humanizePercentage }}";
  rule.annotations["limit"] = fmt::format("objective {}; burn rate {}", objective, base::Join(factors, " or "));
  rule.annotations["summary"] = fmt::format(
      "{} spends its error budget too fast: {{{{ $value | humanizePercentage }}}} went wrong in {{{{ $labels.window "
      "}}}} "
      "({}: objective {})",
      Subject(threshold), ToString(severity), objective);
  if (!threshold.summary.empty()) rule.annotations["summary"] = threshold.summary;
  return rule;
}

}  // namespace

std::vector<BurnRate> BurnRates(const Slo& slo) {
  std::vector<BurnRate> rates;
  for (BurnRate rate : kWorkbook) {
    if (rate.factor * slo.budget >= 1) continue;
    rate.long_window = Scale(rate.long_window, slo.window);
    rate.short_window = Scale(rate.short_window, slo.window);
    rates.push_back(rate);
  }
  return rates;
}

std::string ErrorRatio(const Threshold& threshold, base::Duration window) {
  const Slo& slo = threshold.slo;
  const std::string good = slo.counts_good ? "1 - " : "";
  if (slo.total) return good + ShareOf(threshold.by, *slo.counted, *slo.total, window);
  return fmt::format("{}avg{}(avg_over_time({}[{}]))", good, ByClause(threshold.by),
                     promql::ToString(promql::Unwrap(*slo.counted)), base::FormatDuration(window));
}

void AppendSloRules(const Threshold& threshold, RuleGroup& group) {
  const Slo& slo = threshold.slo;
  const std::vector<BurnRate> rates = BurnRates(slo);
  std::set<base::Duration> windows;
  for (const BurnRate& rate : rates) windows.insert({rate.long_window, rate.short_window});
  for (const base::Duration window : windows) group.rules.push_back(RatioRecord(threshold, window));
  group.rules.push_back(
      MakeRecord(threshold, kSloObjective, fmt::format("vector({})", base::FormatFloat(slo.objective))));
  group.rules.push_back(MakeRecord(
      threshold, kSloBudget, fmt::format("1 - {} / {}", RecordedValues(threshold), base::FormatFloat(slo.budget))));
  for (const Severity severity : {Severity::critical, Severity::warning}) {
    const bool any = std::ranges::any_of(rates, [&](const BurnRate& rate) { return rate.severity == severity; });
    if (any) group.rules.push_back(BurnAlert(threshold, severity, rates));
  }
}

}  // namespace rules
