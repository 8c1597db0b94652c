#pragma once

#include <string>
#include <vector>

#include "base/json_writer.h"
#include "rules/group.h"

// What the evaluator knows, as Prometheus' HTTP API writes it. Pure functions.

namespace rules {

// An alert's value: "1e+00".
std::string FormatAlertValue(double value);

// "firing", "pending", "inactive": that of its most urgent alert; "unknown" before the first evaluation.
std::string_view StateOf(const RuleSnapshot& rule);

void WriteAlert(base::JsonWriter& json, const ActiveAlert& alert);
// `with_alerts` false writes null for the alerts of the rules.
void WriteGroup(base::JsonWriter& json, const GroupSnapshot& group, bool with_alerts);

}  // namespace rules
