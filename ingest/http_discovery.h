#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/net/http_client.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/config.h"

namespace ingest {

// What an HTTP server of http_sd_configs answered.
struct DiscoveredUrl {
  base::Timestamp due;  // when it is asked next
  std::vector<TargetGroup> groups;
  bool operator==(const DiscoveredUrl&) const = default;
};
using DiscoveredUrls = std::map<std::string, DiscoveredUrl>;  // by URL

struct UrlAccess {
  base::HttpClient& client;
  std::stop_token stop;
};

// Asks those of the servers that are due at `now`, one after the other, ten seconds each at most. One that fails keeps
// its groups of `before`, adds an error and is asked again soon. Each group gets __meta_url. Semantics: Prometheus'
// http_sd_configs.
DiscoveredUrls DiscoverUrls(const std::vector<HttpDiscovery>& settings, const DiscoveredUrls& before,
                            base::Timestamp now, const UrlAccess& access, std::vector<base::Error>& errors);

std::vector<TargetGroup> GroupsOf(const DiscoveredUrls& urls);

}  // namespace ingest
