#pragma once

#include <string>
#include <vector>

#include "base/net/html_page.h"
#include "rules/group.h"

namespace rules {

// How many alerts the page shows.
inline constexpr size_t kShownAlerts = 500;

// What the page at /alerts shows.
struct AlertsPage {
  base::PageFrame frame;
  base::Timestamp now;
  std::vector<GroupSnapshot> groups{};
};

// The active alerts, firing ones first, the longest active first, each with its labels, value, annotations and links;
// and the rules whose last evaluation failed. The whole page. Pure.
std::string RenderAlertsPage(const AlertsPage& page);

}  // namespace rules
