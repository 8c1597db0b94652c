#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "alertmanager/api/handlers.h"
#include "base/text.h"

// Taking alerts in. As in Alertmanager the good alerts of a request are kept even where others make it fail.

namespace alertmanager {
namespace {

using nlohmann::json;

base::HttpResponse Malformed(std::string_view why) {
  return CodeError(400, 400, fmt::format("parsing alerts body from \"\" failed, because {}", why));
}

// Labels or annotations; false where a value is no text.
bool ReadPairs(const json& object, base::Labels& out) {
  base::LabelsBuilder builder;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string()) return false;
    builder.Set(name, value.get_ref<const std::string&>());
  }
  out = builder.Build();
  return true;
}

// A time that is missing, null or Go's zero time is none.
bool ReadTime(const json& alert, const char* key, std::optional<base::Timestamp>& out) {
  const auto found = alert.find(key);
  if (found == alert.end() || found->is_null()) return true;
  if (!found->is_string()) return false;
  const std::string& text = found->get_ref<const std::string&>();
  if (text.empty() || text.starts_with("0001-01-01T00:00:00")) return true;
  const auto time = base::ParseRfc3339(text);
  if (!time) return false;
  out = *time;
  return true;
}

// What keeps an alert from being taken; "" for nothing.
std::string Check(const PostedAlert& alert) {
  if (alert.labels.empty()) return "at least one label pair required";
  if (alert.starts_at && alert.ends_at && *alert.ends_at < *alert.starts_at) {
    return "start time must be before end time";
  }
  for (const auto* pairs : {&alert.labels, &alert.annotations}) {
    for (const base::Label& label : *pairs) {
      if (label.name.empty() || !base::IsValidUtf8(label.name)) return "invalid name " + base::Quote(label.name);
      if (!base::IsValidUtf8(label.value)) return "invalid value " + base::Quote(label.value);
    }
  }
  return {};
}

// One item of the body. An answer where the whole request is malformed.
std::optional<base::HttpResponse> ReadAlert(const json& item, size_t index, PostedAlert& out) {
  if (!item.is_object()) return Malformed(fmt::format("item {} is not an object", index));
  const auto labels = item.find("labels");
  if (labels == item.end() || labels->is_null()) {
    return CodeError(422, 602, fmt::format("{}.labels in body is required", index));
  }
  if (!labels->is_object() || !ReadPairs(*labels, out.labels)) {
    return Malformed(fmt::format("item {}: labels are not texts by name", index));
  }
  const auto annotations = item.find("annotations");
  const bool has_annotations = annotations != item.end() && !annotations->is_null();
  if (has_annotations && (!annotations->is_object() || !ReadPairs(*annotations, out.annotations))) {
    return Malformed(fmt::format("item {}: annotations are not texts by name", index));
  }
  if (!ReadTime(item, "startsAt", out.starts_at) || !ReadTime(item, "endsAt", out.ends_at)) {
    return Malformed(fmt::format("item {}: a time is not in the form of RFC 3339", index));
  }
  const auto url = item.find("generatorURL");
  if (url != item.end() && url->is_string()) out.generator_url = url->get<std::string>();
  return std::nullopt;
}

bool IsJson(std::string_view content_type) {
  return content_type.empty() || base::ToLower(content_type).starts_with("application/json");
}

}  // namespace

base::HttpResponse PostAlerts(Dispatcher& dispatcher, const base::HttpRequest& request) {
  const std::string_view type = request.headers.Get("Content-Type");
  if (!IsJson(type)) {
    return CodeError(415, 415,
                     fmt::format("unsupported media type {}, only [application/json] are allowed", base::Quote(type)));
  }
  const json body = json::parse(request.body, nullptr, false);
  if (body.is_discarded()) return Malformed("it is not valid JSON");
  if (!body.is_array()) return Malformed("it is not a list");
  std::vector<PostedAlert> alerts;
  std::string complaints;
  uint64_t invalid = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    PostedAlert alert;
    if (auto answer = ReadAlert(body[i], i, alert)) return std::move(*answer);
    if (const std::string complaint = Check(alert); !complaint.empty()) {
      complaints += (complaints.empty() ? "" : "; ") + complaint;
      ++invalid;
      continue;
    }
    alerts.push_back(std::move(alert));
  }
  dispatcher.metrics().Invalid(invalid);
  dispatcher.Post(alerts);
  if (!complaints.empty()) return TextError(400, complaints);
  return {.status = 200, .content_type = "application/json", .body = "", .headers = {{"Cache-Control", "no-store"}}};
}

}  // namespace alertmanager
