#pragma once

#include "exporter/metric_family.h"
#include "store/head.h"

namespace app {

// tocsin_store_…: what the store holds and what it refused.
exporter::MetricFamilies StoreMetrics(const store::HeadStats& stats);

}  // namespace app
