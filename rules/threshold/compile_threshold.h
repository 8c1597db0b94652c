#pragma once

#include <optional>
#include <string_view>

#include "rules/rule.h"
#include "rules/threshold/threshold.h"

// What a threshold means, as ordinary Prometheus rules. Pure functions.
//
// A threshold becomes one group of its name:
//   - a recorded series tocsin_threshold_value{threshold} of what is measured;
//   - recorded constants tocsin_threshold_limit{threshold, limit, comparison, unit}, one for each limit, so that
//     dashboards draw the lines (limit is target, warning or critical); beside the one without other labels there is
//     one for each series that has another limit by an override, with the labels of that series;
//   - where `active` names a place whose clocks change, a recorded series
//   tocsin_threshold_local_time_seconds{threshold,
//     time_zone}, the time there as seconds since 1970, which the alerts look at;
//   - an alert of the threshold's name for each of critical and warning, with that severity;
//   - where `missing` is given, an alert of the same name with condition="missing" on absent(…), when there is no
//   series
//     at all, one with condition="vanished" for each series that was there within the lookback and is not now, and,
//     for an age, one with condition="never" for each series whose timestamp is 0. Such a series then has no age.
//     They have identities of their own, so that the end of one alert is never taken for the end of another.
//
// Values and limits compare as the runbook says; with `by`, the worst of each group's series counts: the largest for
// limits with >, the smallest for those with <, the latest timestamp for an age. A ratio without any bad event is 0,
// and one without any event at all has no value.
//
// What tells the series of a threshold apart (overrides) reads tocsin_threshold_value as recorded just before in the
// same group; the label `threshold` it brings is taken off the alerts again. An slo has further rules (slo.h).

namespace rules {

inline constexpr std::string_view kThresholdValue = "tocsin_threshold_value";
inline constexpr std::string_view kThresholdLimit = "tocsin_threshold_limit";
inline constexpr std::string_view kThresholdLocalTime = "tocsin_threshold_local_time_seconds";

// `parsed` of the rules is left null.
RuleGroup CompileThreshold(const Threshold& threshold, std::string_view file);

// nullopt where a threshold has not both severities.
std::optional<Inhibition> ThresholdInhibition(const Threshold& threshold);

// The measured value as PromQL: what the recorded series and every comparison use.
std::string ValueExpression(const Threshold& threshold);

}  // namespace rules
