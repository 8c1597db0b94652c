#pragma once

#include <string>
#include <string_view>

#include "rules/alert_change.h"
#include "rules/environment.h"

// What an alert is while its source fails. Pure functions.

namespace rules {

// The series of each alert that is kept without data: the alert's labels, and when its expression last found it.
inline constexpr std::string_view kLastDataMetric = "tocsin_alert_last_data_timestamp_seconds";
// The annotation that says so in notifications and in the API.
inline constexpr std::string_view kNoDataAnnotation = "no_data";

// The alert after an evaluation at `times.now` that did not find it because `source` failed. A firing alert goes on;
// the time without data does not count for the `for` of a pending one.
ActiveAlert KeepWithoutData(ActiveAlert alert, const base::Labels& source, const EvaluationTimes& times);

// The annotations of a kept alert with one more, which says that the value is not current.
base::Labels WithNoData(const ActiveAlert& alert);

// A kept alert in a list: "PAR_90 {segment=all}: last known 5.8% at 2026-12-01 14:03:00 UTC".
std::string KeptText(const ActiveAlert& alert);

// "database main at app:9187 (job tocsin)", "target app:9187 (job node)".
std::string SourceText(const base::Labels& source);

}  // namespace rules
