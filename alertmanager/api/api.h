#pragma once

#include <string>
#include <vector>

#include "alertmanager/dispatcher.h"
#include "base/net/http_server.h"

namespace alertmanager {

struct ApiOptions {
  std::string version;  // of the program
  base::Timestamp started;
};

// Alertmanager's API v2 as far as the dispatcher reaches, for mounting under the server's root: alerts (GET, POST),
// alerts/groups, receivers, status; silences answer an empty list, and 501 to whoever wants to make one. Beside it
// /api/v2/tocsin/deliveries, the log of the last deliveries, newest first. The dispatcher must outlive the endpoints;
// handlers are thread-safe. To add an endpoint: its handler, and its row in api/api.cc.
std::vector<base::Endpoint> Endpoints(Dispatcher& dispatcher, const ApiOptions& options);

}  // namespace alertmanager
