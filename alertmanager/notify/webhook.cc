#include "alertmanager/notify/webhook.h"

#include "alertmanager/fingerprint.h"
#include "alertmanager/json_labels.h"
#include "alertmanager/notify/http_send.h"
#include "base/text.h"

namespace alertmanager {
namespace {

constexpr std::string_view kNoTime = "0001-01-01T00:00:00Z";

// The receiver's name stands in a regular expression of the page that the message links to.
std::string QuoteRegex(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").contains(c)) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

// As Go's encoder writes strings; in JSON these characters stand in strings only.
std::string EscapeForHtml(std::string json) {
  json = base::ReplaceAll(std::move(json), "&", "\\u0026");
  json = base::ReplaceAll(std::move(json), "<", "\\u003c");
  return base::ReplaceAll(std::move(json), ">", "\\u003e");
}

void WriteAlert(const NotifiedAlert& notified, base::JsonWriter& out) {
  const base::Alert& alert = notified.alert;
  out.BeginObject();
  WriteMember("status", notified.resolved ? "resolved" : "firing", out);
  WriteLabels(alert.labels, out.Key("labels"));
  WriteLabels(alert.annotations, out.Key("annotations"));
  WriteMember("startsAt", base::FormatRfc3339(alert.starts_at), out);
  WriteMember("endsAt", notified.resolved ? base::FormatRfc3339(alert.ends_at) : std::string(kNoTime), out);
  WriteMember("generatorURL", alert.generator_url, out);
  WriteMember("fingerprint", FingerprintText(notified.fingerprint), out);
  out.EndObject();
}

class Webhook : public Integration {
 public:
  Webhook(const WebhookConfig& config, const GlobalConfig& global)
      : config_(config), http_(config.http.value_or(global.http)) {}

  Outcome Send(const Notification& notification, const SendContext& context) const override {
    const auto url = config_.url.Read();
    if (!url) return Outcome::Failed(url.error().message);
    return PostJson({.url = *url,
                     .url_is_secret = true,
                     .body = WebhookPayload(notification, config_.max_alerts),
                     .http = &http_,
                     .timeout = config_.timeout},
                    context);
  }

 private:
  WebhookConfig config_;
  HttpOptions http_;
};

}  // namespace

std::string WebhookPayload(const Notification& notification, int max_alerts) {
  const size_t limit = max_alerts > 0 ? static_cast<size_t>(max_alerts) : notification.alerts.size();
  const size_t truncated = notification.alerts.size() - std::min(limit, notification.alerts.size());
  Notification shown = notification;
  shown.alerts.resize(shown.alerts.size() - truncated);

  base::JsonWriter out;
  out.BeginObject();
  WriteMember("receiver", QuoteRegex(shown.receiver), out);
  WriteMember("status", shown.Firing() ? "firing" : "resolved", out);
  out.Key("alerts").BeginArray();
  for (const NotifiedAlert& alert : shown.alerts) WriteAlert(alert, out);
  out.EndArray();
  WriteMember("notification_reason", ToString(shown.reason), out);
  WriteLabels(shown.group_labels, out.Key("groupLabels"));
  WriteLabels(shown.CommonLabels(), out.Key("commonLabels"));
  WriteLabels(shown.CommonAnnotations(), out.Key("commonAnnotations"));
  WriteMember("externalURL", shown.external_url, out);
  WriteMember("version", "4", out);
  WriteMember("groupKey", shown.group_key, out);
  out.Key("truncatedAlerts").Number(static_cast<int64_t>(truncated));
  out.EndObject();
  return EscapeForHtml(std::move(out).Take()) + "\n";
}

std::shared_ptr<const Integration> MakeWebhook(const WebhookConfig& config, const GlobalConfig& global) {
  return std::make_shared<Webhook>(config, global);
}

}  // namespace alertmanager
