#include "exporter/collectors/collectors.h"

#include <algorithm>

#include "exporter/target.h"

namespace exporter {
namespace {

constexpr CollectorKind kKinds[] = {
    {"postgres", [] -> const std::vector<base::FieldHelp>& { return PostgresSchema().help(); }, MakePostgresCollectors},
    {"jobs", [] -> const std::vector<base::FieldHelp>& { return JobsSchema().help(); }, MakeJobsCollectors},
    {"freshness", [] -> const std::vector<base::FieldHelp>& { return FreshnessSchema().help(); },
     MakeFreshnessCollectors},
    {"sql", [] -> const std::vector<base::FieldHelp>& { return SqlSchema().help(); }, MakeSqlCollectors},
};

const TargetConfig* FindTarget(const ExporterConfig& config, const std::string& name) {
  for (const TargetConfig& target : config.targets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

ConstantLabels TargetLabels(const ExporterConfig& config, const std::string& name) {
  ConstantLabels labels;
  if (const TargetConfig* target = FindTarget(config, name))
    labels.assign(target->labels.begin(), target->labels.end());
  if (config.targets.size() > 1) labels.emplace_back("target", name);
  return labels;
}

Dialect TargetDialect(const ExporterConfig& config, const std::string& name) {
  const TargetConfig* const target = FindTarget(config, name);
  if (target == nullptr) return Dialect::postgres;
  return DialectOfUrl(target->url).value_or(Dialect::postgres);
}

}  // namespace

std::span<const CollectorKind> CollectorKinds() { return kKinds; }

std::vector<BoundCollector> MakeCollectors(const ExporterConfig& config) {
  std::vector<BoundCollector> all;
  for (const CollectorKind& kind : kKinds) {
    for (BoundCollector& one : kind.make({config, TargetLabels, TargetDialect})) all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> ExposedMetricNames(const ExporterConfig& config) {
  // exporter.cc and self_metrics.cc
  std::vector<std::string> names = {"tocsin_target_up",
                                    "tocsin_target_errors_total",
                                    "tocsin_collector_success",
                                    "tocsin_collector_duration_seconds",
                                    "tocsin_collector_last_success_timestamp_seconds",
                                    "tocsin_collector_series",
                                    "tocsin_collector_dropped_rows_total",
                                    "tocsin_collector_errors_total",
                                    "tocsin_collector_metric_lost",
                                    "tocsin_exposition_duplicate_series_total",
                                    "tocsin_exposition_type_conflicts_total"};
  for (const TargetConfig& target : config.targets) {
    if (TargetDialect(config, target.name) != Dialect::postgres) continue;
    names.emplace_back("pg_up");
    if (target.connect_check.count() == 0) continue;
    names.emplace_back("tocsin_connect_check_success");
    names.emplace_back("tocsin_connect_check_duration_seconds");
  }
  for (const BoundCollector& bound : MakeCollectors(config)) {
    for (std::string& name : bound.collector->MetricNames()) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace exporter
