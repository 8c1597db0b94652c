#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/labels.h"
#include "base/time.h"

namespace base {

// An alert on its way from whoever judges to whoever tells. Its labels are its identity. Semantics are those of
// Alertmanager's POST /api/v2/alerts: it is resolved when ends_at has passed.
struct Alert {
  Labels labels;
  Labels annotations;
  Timestamp starts_at;
  Timestamp ends_at;
  std::string generator_url;
  // Label sets that choose the receivers in place of `labels`: the alert goes once to each receiver that an alert with
  // one of these label sets would go to, and to the root route's receiver if one of them is empty. Empty: `labels`
  // choose, as usual. Only the alertmanager in the same process knows this; the API of Alertmanager has no such field.
  std::vector<Labels> route_as{};

  bool ResolvedAt(Timestamp now) const { return ends_at <= now; }
  bool operator==(const Alert&) const = default;
};

// Where the rule evaluator hands its alerts on: our alertmanager in the same process, a real one over HTTP, or a
// recorder in a test. Send neither blocks on a network nor fails; what it cannot deliver it queues, retries and counts.
// Implementations are thread-safe.
class AlertSink {
 public:
  virtual ~AlertSink() = default;
  virtual void Send(std::span<const Alert> alerts) = 0;
};

}  // namespace base
