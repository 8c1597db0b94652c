#include "alertmanager/pages/pages.h"

#include <utility>

#include "alertmanager/pages/notifications_page.h"

namespace alertmanager {

std::vector<base::Endpoint> PageEndpoints(const Dispatcher& dispatcher, base::PageFrame frame) {
  const auto show = [&dispatcher, frame = std::move(frame)](const base::HttpRequest&) {
    NotificationsPage page{.frame = frame, .now = dispatcher.clock().Now()};
    for (const ReceiverConfig& receiver : dispatcher.config()->receivers) page.receivers.push_back(receiver.name);
    page.groups = dispatcher.Groups();
    page.deliveries = dispatcher.Deliveries();
    base::HttpResponse response = base::PageResponse(RenderNotificationsPage(page));
    response.headers.Add("Vary", "Accept");
    return response;
  };
  return {{.methods = "GET",
           .path = "/",
           .help = "Who is told of which alerts, as a page; the list of endpoints for clients that do not ask for HTML",
           .handle = show,
           .for_browsers = true}};
}

}  // namespace alertmanager
