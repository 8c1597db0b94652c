#include "rules/api/rules_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "promql/parser.h"
#include "rules/api/value_json.h"
#include "rules/no_data/keep.h"

namespace rules {
namespace {

std::string Time(const std::optional<base::Timestamp>& time) {
  return time ? base::FormatRfc3339(*time) : "0001-01-01T00:00:00Z";
}

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

void WriteMap(base::JsonWriter& json, const TextMap& map) {
  json.BeginObject();
  for (const auto& [name, text] : map) json.Key(name).String(text);
  json.EndObject();
}

void WriteAlertingHead(base::JsonWriter& json, const RuleSnapshot& snapshot, bool with_alerts) {
  const Rule& rule = snapshot.rule;
  json.Key("state").String(StateOf(snapshot));
  json.Key("name").String(rule.name);
  json.Key("query").String(promql::ToString(*rule.parsed));
  json.Key("duration").Number(base::ToSeconds(rule.hold));
  json.Key("keepFiringFor").Number(base::ToSeconds(rule.keep_firing_for));
  if (rule.no_data) json.Key("noData").String(ToString(*rule.no_data));
  WriteMap(json.Key("labels"), rule.labels);
  WriteMap(json.Key("annotations"), rule.annotations);
  json.Key("alerts");
  if (!with_alerts) {
    json.Null();  // as Prometheus writes it
    return;
  }
  json.BeginArray();
  for (const ActiveAlert& alert : snapshot.alerts) WriteAlert(json, alert);
  json.EndArray();
}

void WriteRule(base::JsonWriter& json, const RuleSnapshot& snapshot, bool with_alerts) {
  const Rule& rule = snapshot.rule;
  const bool alerting = rule.kind == RuleKind::alerting;
  json.BeginObject();
  if (alerting) {
    WriteAlertingHead(json, snapshot, with_alerts);
  } else {
    json.Key("name").String(rule.name);
    json.Key("query").String(promql::ToString(*rule.parsed));
    if (!rule.labels.empty()) WriteMap(json.Key("labels"), rule.labels);
  }
  json.Key("health").String(ToString(snapshot.health));
  if (!snapshot.last_error.empty()) json.Key("lastError").String(snapshot.last_error);
  json.Key("evaluationTime").Number(Seconds(snapshot.duration));
  json.Key("lastEvaluation").String(Time(snapshot.last_evaluation));
  json.Key("type").String(alerting ? "alerting" : "recording");
  json.EndObject();
}

}  // namespace

std::string_view StateOf(const RuleSnapshot& rule) {
  AlertState state = AlertState::resolved;
  for (const ActiveAlert& alert : rule.alerts) state = std::max(state, alert.status.state);
  // before its first evaluation a rule may have alerts: of the one it replaced, or of an earlier process
  return rule.last_evaluation || !rule.alerts.empty() ? ToString(state) : "unknown";
}

std::string FormatAlertValue(double value) {
  if (!std::isfinite(value)) return base::FormatFloat(value);
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  return {buffer.data(), result.ptr};
}

void WriteAlert(base::JsonWriter& json, const ActiveAlert& alert) {
  json.BeginObject();
  WriteLabels(json.Key("labels"), alert.labels);
  WriteLabels(json.Key("annotations"), alert.no_data ? WithNoData(alert) : alert.annotations);
  json.Key("state").String(ToString(alert.status.state));
  json.Key("activeAt").String(base::FormatRfc3339(alert.status.active_at));
  if (alert.status.keep_firing_since) json.Key("keepFiringSince").String(Time(alert.status.keep_firing_since));
  json.Key("value").String(FormatAlertValue(alert.value));
  if (alert.no_data) {
    json.Key("noData").BeginObject();
    json.Key("since").String(base::FormatRfc3339(alert.no_data->since));
    json.Key("lastSeen").String(base::FormatRfc3339(alert.no_data->seen_at));
    WriteLabels(json.Key("source"), alert.no_data->source);
    json.EndObject();
  }
  json.EndObject();
}

void WriteGroup(base::JsonWriter& json, const GroupSnapshot& group, bool with_alerts) {
  json.BeginObject();
  json.Key("name").String(group.name);
  json.Key("file").String(group.file);
  json.Key("rules").BeginArray();
  for (const RuleSnapshot& rule : group.rules) WriteRule(json, rule, with_alerts);
  json.EndArray();
  json.Key("interval").Number(base::ToSeconds(group.interval));
  json.Key("limit").Number(group.limit);
  json.Key("evaluationTime").Number(Seconds(group.duration));
  json.Key("lastEvaluation").String(Time(group.last_evaluation));
  json.EndObject();
}

}  // namespace rules
