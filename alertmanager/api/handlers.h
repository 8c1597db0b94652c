#pragma once

#include <string>

#include "alertmanager/dispatcher.h"
#include "base/net/http_server.h"

// The handlers behind the table of api.cc, and the forms they share.

namespace alertmanager {

base::HttpResponse PostAlerts(Dispatcher& dispatcher, const base::HttpRequest& request);
base::HttpResponse GetAlerts(const Dispatcher& dispatcher, const base::HttpRequest& request);
base::HttpResponse GetGroups(const Dispatcher& dispatcher, const base::HttpRequest& request);

base::HttpResponse JsonAnswer(std::string json, int status = 200);
// Alertmanager's own errors are a bare string; those of its framework {"code":…,"message":…}.
base::HttpResponse TextError(int status, std::string_view message);
base::HttpResponse CodeError(int status, int code, std::string_view message);

// RFC 3339 with exactly three decimals, as the API writes times.
std::string ApiTime(base::Timestamp time);

}  // namespace alertmanager
