#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/database.h"
#include "base/net/http_server.h"

namespace rules {

// Opens the database for one request's reading.
using OpenHistory = std::function<base::Result<std::unique_ptr<base::Database>>()>;

// What alerts did, for times long past, which Prometheus' API has no word for:
//   GET /api/v1/alerts/history: every change of state, newest last
//   GET /api/v1/alerts/history/firing: from when to when alerts fired, and how often and how long each
// Parameters of both: start, end (default: a day back, now), match[] (of the alerts' labels, their names where a
// metric's would stand: High{team="x"}; all of one must hold, any of several), limit (1000; of the newest changes
// looked at). The clock outlives them.
std::vector<base::Endpoint> HistoryEndpoints(OpenHistory open, const base::Clock& clock);

}  // namespace rules
