#include "rules/no_data/source_alert.h"

#include <algorithm>

#include "base/text.h"

namespace rules {
namespace {

base::Labels SourceOf(const base::Labels& alert) {
  base::LabelsBuilder source;
  for (const char* name : {"job", "instance", "target", "collector"}) source.Set(name, alert.Get(name));
  return source.Build();
}

}  // namespace

void ChooseReceivers(const Rule& rule, const Environment& environment, base::Timestamp now, base::Alert& alert) {
  if (rule.to_root_route || (rule.source_lost && alert.ResolvedAt(now))) alert.route_as.emplace_back();
  if (!rule.source_lost || environment.kept_alerts == nullptr || alert.ResolvedAt(now)) return;
  std::vector<std::string> affected;
  for (const KeptAlert& kept : environment.kept_alerts->Of(SourceOf(alert.labels))) {
    affected.push_back(kept.text);
    alert.route_as.push_back(kept.labels);
  }
  if (affected.empty()) return;
  alert.annotations = base::LabelsBuilder(alert.annotations).Set("affected", base::Join(affected, "\n")).Build();
}

void DropUnaddressed(const Rule& rule, std::vector<base::Alert>& alerts) {
  if (rule.source_lost) std::erase_if(alerts, [](const base::Alert& alert) { return alert.route_as.empty(); });
}

}  // namespace rules
