#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"
#include "rules/threshold/threshold.h"

// What the rules of every kind of threshold are made of. Pure functions.

namespace rules {

// A label's name as PromQL writes it: quoted where it is no plain identifier.
std::string LabelName(const std::string& name);
// " by (a, b) ", or nothing
std::string ByClause(const std::vector<std::string>& labels);
// As an operand: in parentheses unless it holds together by itself.
std::string Operand(const promql::Expr& expr);
// What was counted within `over` (or as it stands), summed over the labels of `by`.
std::string SumOf(const std::vector<std::string>& by, const promql::Expr& counted, std::optional<base::Duration> over);
// Two such sums, one divided by the other: 0 where nothing was counted, no number where the total is 0.
std::string ShareOf(const std::vector<std::string>& by, const promql::Expr& counted, const promql::Expr& total,
                    std::optional<base::Duration> over);

// The selector of the values recorded for the threshold, with more matchers: `, tenant="acme"`.
std::string RecordedValues(const Threshold& threshold, std::string_view matchers = "");

// "AirbyteSyncStale (tenant {{ $labels.tenant }})"
std::string Subject(const Threshold& threshold);
// The series that a threshold's local time is recorded as.
std::string RecordedLocalTime(const Threshold& threshold);

// A label's value within a template: $labels.tenant
std::string LabelVariable(const std::string& label);

// An alert of the threshold's name with its labels and texts, but no expression.
Rule MakeAlert(const Threshold& threshold, Severity severity);
// A recording rule with the label `threshold`.
Rule MakeRecord(const Threshold& threshold, std::string_view name, std::string expression);

// The expression where the threshold is active for the severity.
std::string WhileActive(const Threshold& threshold, Severity severity, std::string expression);

}  // namespace rules
