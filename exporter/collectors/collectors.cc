#include "exporter/collectors/collectors.h"

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

}  // namespace exporter
