#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/alert.h"
#include "ingest/relabel.h"

namespace app {

// `alert_relabel_configs`: changes the labels of alerts on their way to `next`, and drops those that a step drops or
// that have no label left. The label sets that choose receivers are changed alike, as they stand for alerts that come
// here too; an alert whose last one is dropped goes to nobody. Thread-safe.
class RelabellingSink : public base::AlertSink {
 public:
  RelabellingSink(std::vector<ingest::RelabelConfig> steps, std::shared_ptr<base::AlertSink> next)
      : steps_(std::move(steps)), next_(std::move(next)) {}

  void Send(std::span<const base::Alert> alerts) override {
    std::vector<base::Alert> kept;
    for (const base::Alert& alert : alerts) {
      auto labels = ingest::Relabel(steps_, alert.labels);
      if (!labels || labels->empty()) continue;
      base::Alert changed = alert;
      changed.labels = *std::move(labels);
      changed.route_as = RelabelAll(alert.route_as);
      if (changed.route_as.empty() && !alert.route_as.empty()) continue;
      kept.push_back(std::move(changed));
    }
    if (!kept.empty()) next_->Send(kept);
  }

 private:
  // The empty set stands for the root route and stays.
  std::vector<base::Labels> RelabelAll(const std::vector<base::Labels>& label_sets) const {
    std::vector<base::Labels> changed;
    for (const base::Labels& labels : label_sets) {
      if (labels.empty()) {
        changed.push_back(labels);
      } else if (auto relabelled = ingest::Relabel(steps_, labels); relabelled && !relabelled->empty()) {
        changed.push_back(*std::move(relabelled));
      }
    }
    return changed;
  }

  const std::vector<ingest::RelabelConfig> steps_;
  const std::shared_ptr<base::AlertSink> next_;
};

}  // namespace app
