#include "ingest/http_discovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace ingest {
namespace {

constexpr base::Duration kLongestRequest = std::chrono::seconds(10);
constexpr base::Duration kPauseAfterFailure = std::chrono::seconds(15);

base::Result<std::vector<TargetGroup>> Ask(const HttpDiscovery& setting, const UrlAccess& access) {
  base::HttpClientRequest request{.url = setting.url, .accept_gzip = true};
  request.timeout = std::min(setting.refresh_interval, kLongestRequest);
  request.headers.Add("Accept", "application/json");
  request.headers.Add("X-Prometheus-Refresh-Interval-Seconds",
                      base::FormatFloat(base::ToSeconds(setting.refresh_interval)));
  TRY_VOID(base::Prepare(setting.http, request));
  const std::string name = base::RedactUrl(setting.url);
  TRY(const base::HttpClientResponse answer, access.client.Send(std::move(request), access.stop));
  constexpr int kOk = 200;
  if (answer.status != kOk) {
    return base::Unavailable(
        fmt::format("{} answers HTTP {} {}", name, answer.status, base::HttpReason(answer.status)));
  }
  const std::string type = base::ToLower(answer.headers.Get("Content-Type"));
  if (base::Trim(std::string_view(type).substr(0, type.find(';'))) != "application/json") {
    return base::Unavailable(fmt::format("{} answers with Content-Type {}, expected application/json", name,
                                         base::Quote(answer.headers.Get("Content-Type"))));
  }
  TRY(std::vector<TargetGroup> groups, ParseTargetGroups(answer.body, name));
  for (TargetGroup& group : groups) group.labels["__meta_url"] = setting.url;
  return groups;
}

}  // namespace

DiscoveredUrls DiscoverUrls(const std::vector<HttpDiscovery>& settings, const DiscoveredUrls& before,
                            base::Timestamp now, const UrlAccess& access, std::vector<base::Error>& errors) {
  DiscoveredUrls urls;
  for (const HttpDiscovery& setting : settings) {
    const auto known = before.find(setting.url);
    DiscoveredUrl& found = urls[setting.url];
    if (known != before.end()) found = known->second;
    if (known != before.end() && now < found.due) continue;
    auto groups = Ask(setting, access);
    found.due = now + (groups ? setting.refresh_interval : std::min(setting.refresh_interval, kPauseAfterFailure));
    if (groups) {
      found.groups = *std::move(groups);
    } else if (!access.stop.stop_requested()) {
      errors.push_back(std::move(groups).error());
    }
  }
  return urls;
}

std::vector<TargetGroup> GroupsOf(const DiscoveredUrls& urls) {
  std::vector<TargetGroup> groups;
  for (const auto& [url, found] : urls) groups.insert(groups.end(), found.groups.begin(), found.groups.end());
  return groups;
}

}  // namespace ingest
