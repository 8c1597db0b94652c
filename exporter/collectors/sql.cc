#include <fmt/format.h>

#include "exporter/collectors/collectors.h"

// Any query: gauges, counters, histograms and info metrics by columns.

namespace exporter {

std::vector<BoundCollector> MakeSqlCollectors(const CollectorSetup& setup) {
  std::vector<BoundCollector> all;
  for (const SqlConfig& config : setup.config.sql) {
    std::vector<MetricSpec> metrics = config.metrics;
    for (MetricSpec& metric : metrics) {
      if (metric.help.empty()) metric.help = fmt::format("Measured by the sql collector {}.", config.name);
    }
    all.push_back({config.target, MakeQueryCollector("sql." + config.name, config.limits, {{config.query, metrics}},
                                                     setup.target_labels(setup.config, config.target))});
  }
  return all;
}

}  // namespace exporter
