#pragma once

#include <vector>

#include "alertmanager/dispatcher.h"
#include "base/net/html_page.h"

namespace alertmanager {

// GET "/" for browsers: the page that messages link to ("/#/alerts?receiver=NAME"). The dispatcher outlives it.
std::vector<base::Endpoint> PageEndpoints(const Dispatcher& dispatcher, base::PageFrame frame);

}  // namespace alertmanager
