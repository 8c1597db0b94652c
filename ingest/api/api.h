#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/matcher.h"
#include "base/net/http_server.h"
#include "base/result.h"
#include "ingest/scrape_manager.h"

namespace ingest {

// Reads the selector of parameter match_target; PromQL's, which this room does not know.
using SelectorParser = std::function<base::Result<std::vector<base::Matcher>>(std::string_view text)>;

// Prometheus' GET /api/v1/targets, targets/metadata, metadata and scrape_pools, with their parameters and shapes. The
// manager outlives them.
std::vector<base::Endpoint> Endpoints(const ScrapeManager& manager, SelectorParser parse_selector);

}  // namespace ingest
