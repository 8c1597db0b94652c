#pragma once

#include <memory>
#include <string>

#include "rules/group.h"

namespace prometheus {
class Registry;
}

namespace rules {

// The evaluator's metrics of itself, under the names Prometheus gives them (prometheus_rule_…), so that its dashboards
// and alerts work. Thread-safe.
class Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry);
  ~Metrics();

  void AddGroup(const std::string& key, base::Duration interval, size_t rules);
  void RemoveGroup(const std::string& key);
  // One evaluation, `missed` ones skipped before it.
  void Record(const std::string& key, base::Timestamp at, const GroupOutcome& outcome, int64_t missed);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rules
