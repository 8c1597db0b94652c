#pragma once

#include <vector>

#include "ingest/scrape_manager.h"
#include "remote/write_request.h"

namespace app {

// What scraping knows of metrics, as remote write sends it: each metric once, by name.
std::vector<remote::MetricMetadata> RemoteMetadata(const std::vector<ingest::TargetMetadata>& targets);

}  // namespace app
