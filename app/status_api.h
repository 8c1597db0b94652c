#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/reload_status.h"
#include "base/net/http_server.h"
#include "base/time.h"
#include "store/head.h"

namespace app {

// Grafana and others look at this to learn what they may ask: the Prometheus whose API we speak.
constexpr std::string_view kPrometheusVersion = "3.5.0";

// What the status pages tell. The functions are called per request, from any thread.
struct StatusSource {
  base::Timestamp started;
  std::function<base::Timestamp()> now;
  std::map<std::string, std::string> flags;
  std::function<std::string()> config;  // YAML without secrets
  std::function<ReloadStatus::State()> reload;
  std::string retention;  // as configured: "15d"
  const store::Head& head;
  std::function<std::vector<std::string>()> alertmanagers;  // URLs that alerts are posted to
};

// Prometheus' GET /api/v1/status/buildinfo, runtimeinfo, flags, config, tsdb, tsdb/blocks and walreplay,
// /api/v1/alertmanagers and /api/v1/notifications. Numbers that only Go has (goroutines …) are what they can be here.
std::vector<base::Endpoint> StatusEndpoints(StatusSource source);

}  // namespace app
