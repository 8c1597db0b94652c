#include "app/pages.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "alertmanager/pages/pages.h"
#include "base/net/http_routes.h"

namespace app {

base::PageFrame MakeFrame(std::string link_path, bool exporter, bool rules, bool dispatcher) {
  base::PageFrame frame{.link_path = std::move(link_path)};
  if (rules) frame.navigation = {{"/alerts", "Alerts"}, {"/graph", "Expression"}};
  if (dispatcher) frame.navigation.push_back({"/", "Notifications"});
  if (exporter) frame.navigation.push_back({"/metrics", "Metrics"});
  frame.navigation.push_back({"/endpoints", "Endpoints"});
  return frame;
}

void AddPages(const PageParts& parts, std::vector<base::Endpoint>& endpoints) {
  endpoints.push_back(base::StyleSheetEndpoint());
  if (parts.rules) std::ranges::move(rules::PageEndpoints(*parts.rules), std::back_inserter(endpoints));
  if (parts.dispatcher != nullptr) {
    std::ranges::move(alertmanager::PageEndpoints(*parts.dispatcher, parts.frame), std::back_inserter(endpoints));
  } else if (parts.rules) {
    const std::string alerts = parts.frame.link_path + "/alerts";
    endpoints.push_back({.methods = "GET",
                         .path = "/",
                         .help = "To the active alerts; the list of endpoints for clients that do not ask for HTML",
                         .handle = [alerts](const base::HttpRequest&) { return base::RedirectResponse(alerts); },
                         .for_browsers = true});
  }
  const auto routes = std::make_shared<const base::HttpRoutes>(endpoints);
  endpoints.push_back(
      {"GET", "/endpoints", "This list", [routes, frame = parts.frame](const base::HttpRequest& request) {
         return routes->List(request, frame, "/endpoints");
       }});
}

}  // namespace app
