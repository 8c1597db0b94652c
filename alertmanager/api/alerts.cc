#include <algorithm>
#include <optional>

#include "alertmanager/api/handlers.h"
#include "alertmanager/fingerprint.h"
#include "alertmanager/json_labels.h"
#include "base/matcher.h"

// Reading alerts out: the filters of the query string, and the forms of alerts and groups.

namespace alertmanager {
namespace {

struct AlertFilter {
  std::vector<base::Matcher> matchers;
  std::optional<base::Matcher> receiver;
  bool active = true;
  bool inhibited = true;
  bool unprocessed = true;

  bool Takes(const AlertStatus& status) const {
    const base::Labels& labels = status.alert->alert.labels;
    if (!std::ranges::all_of(matchers, [&](const base::Matcher& matcher) { return matcher.Matches(labels); })) {
      return false;
    }
    if (status.inhibited_by) return inhibited;
    return status.processed ? active : unprocessed;
  }
  bool TakesReceiver(std::string_view name) const { return !receiver || receiver->Matches(name); }
};

base::Result<AlertFilter> ReadFilter(const base::HttpParameters& parameters) {
  AlertFilter filter;
  for (const std::string& text : parameters.GetAll("filter")) {
    TRY(const std::vector<base::Matcher> matchers, ParseMatchers(text));
    filter.matchers.insert(filter.matchers.end(), matchers.begin(), matchers.end());
  }
  if (parameters.Has("receiver")) {
    TRY(filter.receiver,
        base::Matcher::Make(base::MatchType::regex, "receiver", std::string(parameters.Get("receiver"))));
  }
  const auto flag = [&](const char* name) { return !parameters.Has(name) || parameters.Get(name) == "true"; };
  filter.active = flag("active");
  filter.inhibited = flag("inhibited");
  filter.unprocessed = flag("unprocessed");
  return filter;
}

void WriteStatus(const AlertStatus& status, base::JsonWriter& out) {
  out.BeginObject();
  out.Key("inhibitedBy").BeginArray();
  if (status.inhibited_by) out.String(FingerprintText(*status.inhibited_by));
  out.EndArray();
  out.Key("mutedBy").BeginArray().EndArray();
  out.Key("silencedBy").BeginArray().EndArray();
  WriteMember("state", status.inhibited_by ? "suppressed" : status.processed ? "active" : "unprocessed", out);
  out.EndObject();
}

void WriteAlert(const AlertStatus& status, base::JsonWriter& out) {
  const base::Alert& alert = status.alert->alert;
  out.BeginObject();
  WriteLabels(alert.annotations, out.Key("annotations"));
  WriteMember("endsAt", ApiTime(alert.ends_at), out);
  WriteMember("fingerprint", FingerprintText(status.alert->fingerprint), out);
  out.Key("receivers").BeginArray();
  for (const std::string& receiver : status.receivers) {
    out.BeginObject();
    WriteMember("name", receiver, out);
    out.EndObject();
  }
  out.EndArray();
  WriteMember("startsAt", ApiTime(alert.starts_at), out);
  WriteStatus(status, out.Key("status"));
  WriteMember("updatedAt", ApiTime(status.alert->updated_at), out);
  if (!alert.generator_url.empty()) WriteMember("generatorURL", alert.generator_url, out);
  WriteLabels(alert.labels, out.Key("labels"));
  out.EndObject();
}

}  // namespace

base::HttpResponse GetAlerts(const Dispatcher& dispatcher, const base::HttpRequest& request) {
  const auto filter = ReadFilter(request.parameters);
  if (!filter) return TextError(400, filter.error().message);
  base::JsonWriter out;
  out.BeginArray();
  for (const AlertStatus& status : dispatcher.Alerts()) {
    const bool wanted =
        std::ranges::any_of(status.receivers, [&](const std::string& name) { return filter->TakesReceiver(name); });
    if (wanted && filter->Takes(status)) WriteAlert(status, out);
  }
  out.EndArray();
  return JsonAnswer(std::move(out).Take());
}

base::HttpResponse GetGroups(const Dispatcher& dispatcher, const base::HttpRequest& request) {
  const auto filter = ReadFilter(request.parameters);
  if (!filter) return TextError(400, filter.error().message);
  base::JsonWriter out;
  out.BeginArray();
  for (const GroupStatus& group : dispatcher.Groups()) {
    const auto takes = [&](const AlertStatus& status) { return filter->Takes(status); };
    if (!filter->TakesReceiver(group.receiver) || std::ranges::none_of(group.alerts, takes)) continue;
    out.BeginObject();
    out.Key("alerts").BeginArray();
    for (const AlertStatus& status : group.alerts) {
      if (takes(status)) WriteAlert(status, out);
    }
    out.EndArray();
    WriteLabels(group.labels, out.Key("labels"));
    out.Key("receiver").BeginObject();
    WriteMember("name", group.receiver, out);
    out.EndObject().EndObject();
  }
  out.EndArray();
  return JsonAnswer(std::move(out).Take());
}

}  // namespace alertmanager
