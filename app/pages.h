#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alertmanager/dispatcher.h"
#include "base/net/html_page.h"
#include "rules/pages/pages.h"

namespace app {

// What a process has pages of. What is borrowed outlives the endpoints.
struct PageParts {
  base::PageFrame frame;                                 // of every page; from MakeFrame
  std::optional<rules::PageSource> rules;                // nullopt without the role
  const alertmanager::Dispatcher* dispatcher = nullptr;  // null without the role or its configuration
};

// What the pages of a process with these roles share.
base::PageFrame MakeFrame(std::string link_path, bool exporter, bool rules, bool dispatcher);

// Adds the pages, their style sheet, and /endpoints, which lists all of `endpoints`. "/" is for browsers, and shows the
// most that the roles have to say: notifications, else the alerts; the exporter alone leaves it to the server's list.
void AddPages(const PageParts& parts, std::vector<base::Endpoint>& endpoints);

}  // namespace app
