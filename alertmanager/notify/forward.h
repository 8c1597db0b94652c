#pragma once

#include <memory>
#include <span>
#include <string>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

// Alertmanagers take at most so many alerts in one request without strain; Prometheus sends as many.
inline constexpr size_t kAlertsPerPost = 256;

// The body of POST /api/v2/alerts.
std::string AlertsPayload(std::span<const base::Alert> alerts);

// Where an Alertmanager at `base` (scheme, host, port, path prefix) takes alerts.
std::string AlertsUrl(std::string base);

// The integration "alertmanager": hands a group's alerts to a real Alertmanager. What fires is said to end two repeat
// intervals from now, so that it stays alive there until the next notification here.
std::shared_ptr<const Integration> MakeForward(const ForwardConfig& config, const GlobalConfig& global);

}  // namespace alertmanager
