#pragma once

#include "base/result.h"
#include "promql/script.h"

namespace promql {

// A native histogram with custom buckets for each classic one among loaded series: name_bucket, name_count and
// name_sum become `name`, sample by sample.
struct CustomSeries {
  base::Labels labels;
  std::vector<std::pair<base::Timestamp, store::HistogramPtr>> samples;
};
base::Result<std::vector<CustomSeries>> ToCustomBuckets(const LoadCommand& load);

}  // namespace promql
