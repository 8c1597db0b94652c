#include "ingest/scrape_request.h"

#include <algorithm>

#include "base/text.h"

namespace ingest {

base::Result<base::HttpClientRequest> MakeScrapeRequest(const ScrapeConfig& config, const Target& target) {
  base::HttpClientRequest request;
  request.url = target.url;
  request.timeout = target.timeout;
  const uint64_t limit = config.limits.body_size.bytes;
  request.max_response_bytes = limit == 0 ? kLargestBody : std::min<size_t>(limit, kLargestBody);
  request.accept_gzip = config.enable_compression;
  request.headers.Add("Accept",
                      AcceptHeader(config.scrape_protocols, config.name_escaping.value_or(NameEscaping::allow_utf8)));
  if (!config.enable_compression) request.headers.Add("Accept-Encoding", "identity");
  request.headers.Add("X-Prometheus-Scrape-Timeout-Seconds", base::FormatFloat(base::ToSeconds(target.timeout)));
  TRY_VOID(base::Prepare(config.http, request));
  return request;
}

base::Result<FetchedPage> PageOf(base::Result<base::HttpClientResponse> response) {
  if (!response) {
    if (response.error().code != base::ErrorCode::limit_exceeded) return std::unexpected(response.error());
    return base::Fail(base::ErrorCode::limit_exceeded, "body size limit exceeded");
  }
  constexpr int kOk = 200;
  if (response->status != kOk) {
    return base::Unavailable("server returned HTTP status " + std::to_string(response->status) + " " +
                             std::string(base::HttpReason(response->status)));
  }
  return FetchedPage{std::string(response->headers.Get("Content-Type")), std::move(response->body)};
}

}  // namespace ingest
