#include "alertmanager/api/api.h"

#include <fmt/format.h>

#include "alertmanager/api/handlers.h"
#include "alertmanager/json_labels.h"

namespace alertmanager {
namespace {

base::HttpResponse GetStatus(const Dispatcher& dispatcher, const ApiOptions& options) {
  base::JsonWriter out;
  out.BeginObject();
  out.Key("cluster").BeginObject();
  out.Key("peers").BeginArray().EndArray();
  WriteMember("status", "disabled", out);
  out.EndObject();
  out.Key("config").BeginObject();
  WriteMember("original", dispatcher.config()->original, out);
  out.EndObject();
  WriteMember("uptime", ApiTime(options.started), out);
  out.Key("versionInfo").BeginObject();
  for (const char* unknown : {"branch", "buildDate", "buildUser", "goVersion", "revision"})
    WriteMember(unknown, "", out);
  WriteMember("version", options.version, out);
  out.EndObject().EndObject();
  return JsonAnswer(std::move(out).Take());
}

base::HttpResponse GetReceivers(const Dispatcher& dispatcher) {
  base::JsonWriter out;
  out.BeginArray();
  for (const ReceiverConfig& receiver : dispatcher.config()->receivers) {
    out.BeginObject();
    WriteMember("name", receiver.name, out);
    out.EndObject();
  }
  out.EndArray();
  return JsonAnswer(std::move(out).Take());
}

void WriteDelivery(const DeliveryRecord& record, base::JsonWriter& out) {
  out.BeginObject();
  WriteMember("time", ApiTime(record.time), out);
  out.Key("durationSeconds").Number(base::ToSeconds(record.duration));
  WriteMember("receiver", record.integration.receiver, out);
  WriteMember("integration", record.integration.kind, out);
  out.Key("index").Number(static_cast<int64_t>(record.integration.index));
  WriteMember("groupKey", record.group_key, out);
  WriteLabels(record.group_labels, out.Key("groupLabels"));
  out.Key("alerts").BeginArray();
  for (const std::string& alert : record.alerts) out.String(alert);
  out.EndArray();
  out.Key("firing").Number(static_cast<int64_t>(record.firing));
  out.Key("resolved").Number(static_cast<int64_t>(record.resolved));
  WriteMember("reason", ToString(record.reason), out);
  out.Key("attempts").Number(record.attempts);
  WriteMember("outcome", record.delivered ? "delivered" : "failed", out);
  if (!record.delivered) WriteMember("error", record.error, out);
  out.EndObject();
}

base::HttpResponse GetDeliveries(const Dispatcher& dispatcher) {
  const std::vector<DeliveryRecord> records = dispatcher.Deliveries();
  base::JsonWriter out;
  out.BeginArray();
  for (auto record = records.rbegin(); record != records.rend(); ++record) WriteDelivery(*record, out);
  out.EndArray();
  return JsonAnswer(std::move(out).Take());
}

base::HttpResponse NoSilences(const base::HttpRequest&) { return TextError(501, "silences are not supported yet"); }

}  // namespace

base::HttpResponse JsonAnswer(std::string json, int status) {
  return {.status = status,
          .content_type = "application/json",
          .body = std::move(json) + "\n",
          .headers = {{"Cache-Control", "no-store"}}};
}

base::HttpResponse TextError(int status, std::string_view message) {
  base::JsonWriter out;
  out.String(message);
  return JsonAnswer(std::move(out).Take(), status);
}

base::HttpResponse CodeError(int status, int code, std::string_view message) {
  base::JsonWriter out;
  out.BeginObject().Key("code").Number(code);
  WriteMember("message", message, out);
  out.EndObject();
  return JsonAnswer(std::move(out).Take(), status);
}

std::string ApiTime(base::Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = base::FormatRfc3339(seconds);
  text.pop_back();
  return fmt::format("{}.{:03}Z", text, (time - seconds).count());
}

std::vector<base::Endpoint> Endpoints(Dispatcher& dispatcher, const ApiOptions& options) {
  using Request = base::HttpRequest;
  Dispatcher* const d = &dispatcher;
  return {
      {"GET", "/api/v2/alerts", "Alerts that fire", [d](const Request& request) { return GetAlerts(*d, request); }},
      {"POST", "/api/v2/alerts", "Takes alerts", [d](const Request& request) { return PostAlerts(*d, request); }},
      {"GET", "/api/v2/alerts/groups", "Alerts by group",
       [d](const Request& request) { return GetGroups(*d, request); }},
      {"GET", "/api/v2/receivers", "Receivers", [d](const Request&) { return GetReceivers(*d); }},
      {"GET", "/api/v2/status", "Version, uptime and configuration",
       [d, options](const Request&) { return GetStatus(*d, options); }},
      {"GET", "/api/v2/silences", "Silences (none)", [](const Request&) { return JsonAnswer("[]"); }},
      {"POST", "/api/v2/silences", "Makes a silence (not supported yet)", &NoSilences},
      {"GET,DELETE", "/api/v2/silence/:id", "One silence (not supported yet)", &NoSilences},
      {"GET", "/api/v2/tocsin/deliveries", "The last deliveries", [d](const Request&) { return GetDeliveries(*d); }},
  };
}

}  // namespace alertmanager
