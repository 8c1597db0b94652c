#pragma once

#include <vector>

#include "base/net/http_server.h"
#include "rules/manager.h"

namespace rules {

// The evaluator's endpoints: Prometheus' GET /api/v1/rules and /api/v1/alerts with their filters and shapes, and
// POST /alerts/run, which evaluates at once (all groups, those of parameter `group`, or those that hold the rule of
// parameter `rule`, which alone is shown then) and answers as /api/v1/rules does. The manager outlives them.
std::vector<base::Endpoint> Endpoints(Manager& manager);

}  // namespace rules
