#pragma once

#include <optional>
#include <string>

#include "rules/threshold/limit.h"
#include "rules/threshold/threshold.h"

// Limits that are not the same for every series of a threshold, as PromQL. The series are told apart in what the
// threshold recorded just before (tocsin_threshold_value), so that any expression can have overrides. Each override
// stands for the series that match it and none before it; the threshold's own limits for the rest. Pure functions.

namespace rules {

// Which of the limits is meant: &Limits::warning.
using LimitRole = std::optional<Limit> Limits::*;

// Whether some override has another limit in this role.
bool IsOverridden(const Threshold& threshold, LimitRole role);

// The recorded values beyond the limits that hold for them: `… > 5 or … > 3`. Some series must have one.
std::string OverriddenBreach(const Threshold& threshold, LimitRole role);

// The threshold's own limit without labels, and each overriding one with the labels of the series it holds for.
std::string OverriddenLimits(const Threshold& threshold, LimitRole role);

// The text of the limit that holds for an alert, as a template.
std::string OverriddenText(const Threshold& threshold, LimitRole role);

// A limit of the role, the threshold's own or else an override's; null if there is none.
const Limit* AnyLimit(const Threshold& threshold, LimitRole role);

}  // namespace rules
