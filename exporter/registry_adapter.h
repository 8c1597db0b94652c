#pragma once

#include "exporter/metric_family.h"

namespace prometheus {
class Collectable;
}

namespace exporter {

// What a prometheus-cpp registry holds, as families of ours: counters, gauges, histograms, summaries and untyped ones.
MetricFamilies FromCollectable(const prometheus::Collectable& collectable);

}  // namespace exporter
