#pragma once

#include <vector>

#include "base/net/html_page.h"
#include "rules/api/history_api.h"
#include "rules/api/query_api.h"
#include "rules/manager.h"

namespace rules {

// What the pages are made from. What is borrowed outlives them.
struct PageSource {
  const Manager& manager;
  QuerySource query;
  base::PageFrame frame;
  OpenHistory open_history;  // empty: no history is kept
};

// The pages that links in messages lead to:
//   GET /alerts: the active alerts
//   GET /graph, /query: an expression's value, the rules that have it, their limits, alerts and history. Parameters are
//     those of Prometheus' pages: g0.expr, and g0.moment_input or g0.end_input (UTC; empty for now)
// An expression is evaluated within the limits of the query API, and where the rules are evaluated: on the store or on
// the server of rules.datasource.
std::vector<base::Endpoint> PageEndpoints(const PageSource& source);

}  // namespace rules
