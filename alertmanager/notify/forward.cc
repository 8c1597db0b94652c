#include "alertmanager/notify/forward.h"

#include <algorithm>

#include "alertmanager/json_labels.h"
#include "alertmanager/notify/http_send.h"

namespace alertmanager {
namespace {

class Forward : public Integration {
 public:
  Forward(const ForwardConfig& config, const GlobalConfig& global)
      : config_(config), http_(config.http.value_or(global.http)) {}

  Outcome Send(const Notification& notification, const SendContext& context) const override {
    const auto url = config_.url.Read();
    if (!url) return Outcome::Failed(url.error().message);
    std::vector<base::Alert> alerts;
    for (const NotifiedAlert& notified : notification.alerts) {
      alerts.push_back(notified.alert);
      if (!notified.resolved) alerts.back().ends_at = notification.now + 2 * notification.repeat_interval;
    }
    // a batch sent twice after a failure of a later one does no harm: alerts are merged
    for (size_t at = 0; at < alerts.size(); at += kAlertsPerPost) {
      const auto batch = std::span(alerts).subspan(at, std::min(kAlertsPerPost, alerts.size() - at));
      const Outcome outcome = PostJson({.url = AlertsUrl(*url),
                                        .url_is_secret = false,
                                        .body = AlertsPayload(batch),
                                        .http = &http_,
                                        .timeout = config_.timeout},
                                       context);
      if (outcome.kind != Outcome::Kind::delivered) return outcome;
    }
    return Outcome::Delivered();
  }

 private:
  ForwardConfig config_;
  HttpOptions http_;
};

}  // namespace

std::string AlertsPayload(std::span<const base::Alert> alerts) {
  base::JsonWriter out;
  out.BeginArray();
  for (const base::Alert& alert : alerts) {
    out.BeginObject();
    WriteLabels(alert.labels, out.Key("labels"));
    WriteLabels(alert.annotations, out.Key("annotations"));
    WriteMember("startsAt", base::FormatRfc3339(alert.starts_at), out);
    WriteMember("endsAt", base::FormatRfc3339(alert.ends_at), out);
    if (!alert.generator_url.empty()) WriteMember("generatorURL", alert.generator_url, out);
    out.EndObject();
  }
  out.EndArray();
  return std::move(out).Take();
}

std::string AlertsUrl(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  return base + "/api/v2/alerts";
}

std::shared_ptr<const Integration> MakeForward(const ForwardConfig& config, const GlobalConfig& global) {
  return std::make_shared<Forward>(config, global);
}

}  // namespace alertmanager
