#pragma once

#include <cstdint>
#include <string_view>

#include "base/labels.h"

namespace promql {

// XXH64 of labels as Prometheus lays them out in memory: the number that limit_ratio picks series by, so that the same
// series are picked here and there.
uint64_t PrometheusHash(const base::Labels& labels);
uint64_t XxHash64(std::string_view data);

}  // namespace promql
