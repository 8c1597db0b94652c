#include "rules/no_data/keep.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace rules {
namespace {

// "2026-12-01 14:03:00 UTC"
std::string TimeText(base::Timestamp time) {
  std::string text = base::FormatRfc3339(std::chrono::floor<std::chrono::seconds>(time));
  text[text.find('T')] = ' ';
  text.pop_back();
  return text + " UTC";
}

// The value as the alert's own texts show it, if they do.
std::string LastKnown(const ActiveAlert& alert) {
  const std::string_view shown = alert.annotations.Get("value");
  return fmt::format("last known {} at {}", shown.empty() ? base::FormatFloat(alert.value) : std::string(shown),
                     TimeText(alert.no_data->seen_at));
}

}  // namespace

ActiveAlert KeepWithoutData(ActiveAlert alert, const base::Labels& source, const EvaluationTimes& times) {
  const base::Timestamp previous = times.previous.value_or(times.now);
  if (!alert.no_data) alert.no_data = NoData{.since = times.now, .seen_at = previous, .source = source};
  alert.no_data->source = source;
  if (alert.status.state == AlertState::pending) {
    alert.status.active_at += std::clamp(times.now - previous, base::Duration(0), times.interval);
  }
  return alert;
}

base::Labels WithNoData(const ActiveAlert& alert) {
  return base::LabelsBuilder(alert.annotations)
      .Set(kNoDataAnnotation, fmt::format("{}; source lost: {}", LastKnown(alert), SourceText(alert.no_data->source)))
      .Build();
}

std::string KeptText(const ActiveAlert& alert) {
  std::vector<std::string> labels;
  for (const base::Label& label : alert.labels) {
    if (label.name == "alertname" || label.name == "job" || label.name == "instance") continue;
    labels.push_back(fmt::format("{}={}", label.name, label.value));
  }
  const std::string braces = labels.empty() ? "" : fmt::format(" {{{}}}", base::Join(labels, ", "));
  return fmt::format("{}{}: {}", alert.labels.Get("alertname"), braces, LastKnown(alert));
}

std::string SourceText(const base::Labels& source) {
  std::string text;
  if (source.Has("collector")) text += fmt::format("collector {} ", source.Get("collector"));
  if (source.Has("target")) text += fmt::format("database {} ", source.Get("target"));
  if (text.empty()) text = "target ";
  return fmt::format("{}at {} (job {})", text, source.Get("instance"), source.Get("job"));
}

}  // namespace rules
