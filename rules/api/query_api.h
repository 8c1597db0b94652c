#pragma once

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/labels.h"
#include "base/net/http_server.h"
#include "promql/engine.h"
#include "rules/api/query_metrics.h"
#include "store/exemplars.h"
#include "store/querier.h"

namespace rules {

// What the query endpoints answer from. What is borrowed outlives them.
struct QuerySource {
  const promql::Engine& engine;
  const store::Querier& querier;
  const base::Clock& clock;
  std::function<base::Labels()> external_labels;  // of /federate; called per request
  const store::Exemplars* exemplars = nullptr;    // null: none are kept
  QueryMetrics* metrics = nullptr;                // may be null
};

// Prometheus' GET and POST /api/v1/query, query_range, format_query, parse_query and query_exemplars, with its
// parameters, limits, texts and status codes.
std::vector<base::Endpoint> QueryEndpoints(const QuerySource& source);
// GET and POST /api/v1/series and labels, GET /api/v1/label/:name/values, GET /federate.
std::vector<base::Endpoint> SeriesEndpoints(const QuerySource& source);

}  // namespace rules
