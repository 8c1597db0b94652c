#pragma once

#include "exporter/metric_family.h"

namespace app {

// process_* of this process, under the names and units every Prometheus client uses, read from /proc. What cannot be
// read is left out.
exporter::MetricFamilies ProcessMetrics();

// tocsin_build_info{version=…} = 1
exporter::MetricFamily BuildInfo();

}  // namespace app
