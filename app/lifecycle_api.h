#pragma once

#include <functional>
#include <vector>

#include "base/net/http_server.h"
#include "base/result.h"

namespace app {

// Prometheus' GET /-/healthy and /-/ready and POST /-/reload. `reload` returns the mistakes for which the configuration
// was not taken; both are called from any thread.
std::vector<base::Endpoint> LifecycleEndpoints(std::function<bool()> ready,
                                               std::function<std::vector<base::Error>()> reload);

}  // namespace app
