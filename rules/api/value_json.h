#pragma once

#include "base/histogram.h"
#include "base/json_writer.h"
#include "base/labels.h"
#include "promql/value.h"

// Results of PromQL as Prometheus' HTTP API writes them. Pure functions.

namespace rules {

void WriteLabels(base::JsonWriter& json, const base::Labels& labels);
void WriteHistogram(base::JsonWriter& json, const base::FloatHistogram& histogram);

// {"resultType":…,"result":…
// without the closing brace, as statistics may follow. Of more than `limit` series (0: no limit) only the first are
// written; true if that left some out.
bool WriteResult(base::JsonWriter& json, const promql::Value& value, size_t limit);

}  // namespace rules
