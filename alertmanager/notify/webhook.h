#pragma once

#include <memory>
#include <string>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

// The body of Alertmanager's webhook, version 4, byte for byte as its 0.33 writes it (a line end closes it). max_alerts
// 0 takes all; otherwise the first so many, the rest counted in truncatedAlerts.
std::string WebhookPayload(const Notification& notification, int max_alerts);

std::shared_ptr<const Integration> MakeWebhook(const WebhookConfig& config, const GlobalConfig& global);

}  // namespace alertmanager
