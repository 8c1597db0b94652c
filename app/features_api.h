#pragma once

#include "base/net/http_server.h"
#include "promql/engine.h"

namespace app {

// What of Prometheus' optional features is on in this process.
struct Features {
  promql::EngineOptions engine;
  bool remote_write_receiver = false;
  bool exemplar_storage = false;
  bool lifecycle = false;
};

// GET /api/v1/features of Prometheus 3.8 and later: {category: {feature: whether it is on}}. PromQL's functions come
// from the engine's own table.
base::Endpoint FeaturesEndpoint(const Features& features);

}  // namespace app
