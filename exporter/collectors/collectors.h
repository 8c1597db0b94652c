#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/collectors/collector.h"
#include "exporter/config.h"

namespace exporter {

struct BoundCollector {
  std::string target;
  std::unique_ptr<Collector> collector;
};

// What a kind needs to know of the whole.
struct CollectorSetup {
  const ExporterConfig& config;
  // Labels every series of a target carries; and whether it is PostgreSQL or SQLite.
  ConstantLabels (*target_labels)(const ExporterConfig&, const std::string& target);
  Dialect (*dialect)(const ExporterConfig&, const std::string& target);
};

// A kind of collector: its key under `collectors:`, the documentation of its fields, and how its configuration becomes
// collectors. In the order in which the collectors of one target run.
struct CollectorKind {
  std::string_view name;
  const std::vector<base::FieldHelp>& (*fields)();
  std::vector<BoundCollector> (*make)(const CollectorSetup&);
};
std::span<const CollectorKind> CollectorKinds();

std::vector<BoundCollector> MakeCollectors(const ExporterConfig& config);

// The names of all series that an exporter of this configuration can show, its report on itself included.
std::vector<std::string> ExposedMetricNames(const ExporterConfig& config);

// The factories, one per file.
std::vector<BoundCollector> MakePostgresCollectors(const CollectorSetup& setup);
std::vector<BoundCollector> MakeJobsCollectors(const CollectorSetup& setup);
std::vector<BoundCollector> MakeFreshnessCollectors(const CollectorSetup& setup);
std::vector<BoundCollector> MakeSqlCollectors(const CollectorSetup& setup);

// The names that `only` and `without` of a postgres collector may hold.
std::vector<std::string_view> PostgresParts();

}  // namespace exporter
