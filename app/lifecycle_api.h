#pragma once

#include <functional>
#include <vector>

#include "base/net/http_server.h"
#include "base/result.h"

namespace app {

// Prometheus' GET /-/healthy and /-/ready, POST /-/reload and /-/quit, and a 404 that explains itself for /debug/pprof.
// `reload` returns the mistakes for which the configuration was not taken. `quit` asks the process to end, without
// waiting for it; empty: /-/quit answers 403. All are called from any thread.
std::vector<base::Endpoint> LifecycleEndpoints(std::function<bool()> ready,
                                               std::function<std::vector<base::Error>()> reload,
                                               std::function<void()> quit);

}  // namespace app
