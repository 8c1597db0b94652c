#pragma once

#include "base/net/http_client.h"
#include "base/result.h"
#include "ingest/scrape_target.h"

namespace ingest {

// The request that scrapes `target`, with the headers Prometheus sends. Reads the secrets' files; fails where one
// cannot be read.
base::Result<base::HttpClientRequest> MakeScrapeRequest(const ScrapeConfig& config, const Target& target);

// The page in an answer, or why there is none.
base::Result<FetchedPage> PageOf(base::Result<base::HttpClientResponse> response);

}  // namespace ingest
