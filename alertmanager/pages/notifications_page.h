#pragma once

#include <string>
#include <vector>

#include "alertmanager/dispatcher.h"
#include "base/net/html_page.h"

namespace alertmanager {

// How many alerts of a group and how many deliveries the page shows.
inline constexpr size_t kPageAlerts = 100;
inline constexpr size_t kPageGroups = 200;
inline constexpr size_t kPageDeliveries = 20;

// What the page at "/" shows.
struct NotificationsPage {
  base::PageFrame frame;
  base::Timestamp now;
  std::vector<std::string> receivers{};      // in the order of the configuration
  std::vector<GroupStatus> groups{};         // of all receivers
  std::vector<DeliveryRecord> deliveries{};  // newest last
};

// Who is told of what: the alerts of each receiver by group, and the last deliveries. Messages link to a receiver by
// the fragment of Alertmanager's user interface, "#/alerts?receiver=NAME", which is the id of that receiver's section.
// The whole page. Pure.
std::string RenderNotificationsPage(const NotificationsPage& page);

}  // namespace alertmanager
