#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/alert.h"
#include "ingest/relabel.h"

namespace app {

// `alert_relabel_configs`: changes the labels of alerts on their way to `next`, and drops those that a step drops or
// that have no label left. Thread-safe.
class RelabellingSink : public base::AlertSink {
 public:
  RelabellingSink(std::vector<ingest::RelabelConfig> steps, std::shared_ptr<base::AlertSink> next)
      : steps_(std::move(steps)), next_(std::move(next)) {}

  void Send(std::span<const base::Alert> alerts) override {
    std::vector<base::Alert> kept;
    for (const base::Alert& alert : alerts) {
      auto labels = ingest::Relabel(steps_, alert.labels);
      if (!labels || labels->empty()) continue;
      kept.push_back(alert);
      kept.back().labels = *std::move(labels);
    }
    if (!kept.empty()) next_->Send(kept);
  }

 private:
  const std::vector<ingest::RelabelConfig> steps_;
  const std::shared_ptr<base::AlertSink> next_;
};

}  // namespace app
