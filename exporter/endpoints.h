#pragma once

#include <string_view>
#include <vector>

#include "base/net/http_server.h"
#include "base/time.h"
#include "exporter/exporter.h"

namespace exporter {

// The exporter's part of the HTTP interface:
//   GET /metrics                 the page, as text or OpenMetrics by Accept
//   GET /debug/collectors        the names of the collectors
//   GET /debug/collectors/:name  one collector now: its series, what it dropped, its errors
// `exporter` gives the one to use at the moment, so that a reload can replace it.
std::vector<base::Endpoint> Endpoints(const std::function<std::shared_ptr<Exporter>()>& exporter);

// How long a scrape may take: the header X-Prometheus-Scrape-Timeout-Seconds less what the answer needs on its way
// (a twentieth, 50 to 500 ms); as if it said ten seconds where it is missing or makes no sense.
base::Duration ScrapeBudget(std::string_view header);

}  // namespace exporter
