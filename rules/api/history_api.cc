#include "rules/api/history_api.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/net/api_response.h"
#include "promql/parser.h"
#include "rules/api/rules_json.h"
#include "rules/api/value_json.h"
#include "rules/state_database.h"

namespace rules {
namespace {

using base::JsonWriter;
using Response = base::HttpResponse;

constexpr size_t kUsualLimit = 1000;
constexpr size_t kMostLimit = 100'000;

std::string Time(base::Timestamp time) { return base::FormatRfc3339(time); }

void WriteOptional(JsonWriter& json, std::string_view key, const std::optional<base::Timestamp>& time) {
  if (time) json.Key(key).String(Time(*time));
}

void WriteEntry(JsonWriter& json, const HistoryEntry& entry) {
  json.BeginObject().Key("time").String(Time(entry.time)).Key("group").String(entry.group);
  WriteLabels(json.Key("labels"), entry.labels);
  WriteLabels(json.Key("annotations"), entry.annotations);
  json.Key("value").String(FormatAlertValue(entry.value));
  json.Key("before").String(entry.before).Key("after").String(entry.after).Key("cause").String(entry.cause);
  json.Key("activeAt").String(Time(entry.active_at));
  WriteOptional(json, "firedAt", entry.fired_at);
  json.EndObject();
}

void WriteSpan(JsonWriter& json, const FiringSpan& span) {
  json.BeginObject();
  WriteLabels(json.Key("labels"), span.labels);
  json.Key("firedAt").String(Time(span.fired_at));
  WriteOptional(json, "endedAt", span.ended_at);
  json.EndObject();
}

void WriteSummary(JsonWriter& json, const HistorySummary& summary) {
  json.BeginObject();
  WriteLabels(json.Key("labels"), summary.labels);
  json.Key("fired").Number(uint64_t{summary.fired});
  json.Key("firingSeconds").Number(base::ToSeconds(summary.firing));
  if (summary.mean_time_to_resolve) {
    json.Key("meanTimeToResolveSeconds").Number(base::ToSeconds(*summary.mean_time_to_resolve));
  }
  WriteOptional(json, "lastFiredAt", summary.last_fired_at);
  json.EndObject();
}

template <class T, class Write>
void WriteList(JsonWriter& json, std::string_view key, const std::vector<T>& list, Write write) {
  json.Key(key).BeginArray();
  for (const T& one : list) write(json, one);
  json.EndArray();
}

// A selector of alerts: what stands for a metric's name is the alert's, High{team="x"}.
base::Result<std::vector<base::Matcher>> ParseMatch(std::string_view text) {
  TRY(std::vector<base::Matcher> matchers, promql::ParseSelector(text));
  for (base::Matcher& matcher : matchers) {
    if (matcher.name() != base::kMetricName) continue;
    TRY(matcher, base::Matcher::Make(matcher.type(), "alertname", matcher.value()));
  }
  return matchers;
}

struct Request {
  HistoryQuery query;
  std::vector<std::vector<base::Matcher>> sets;  // any of them; none: all alerts
  base::Timestamp now;
};

std::expected<Request, Response> Read(const base::HttpParameters& parameters, base::Timestamp now) {
  Request request{
      .query = {.start = now - std::chrono::hours(24), .end = now, .limit = kUsualLimit}, .sets = {}, .now = now};
  for (const auto& [name, time] : {std::pair("start", &request.query.start), std::pair("end", &request.query.end)}) {
    const std::string_view text = parameters.Get(name);
    if (text.empty()) continue;
    const auto read = base::ParseApiTime(text, name);
    if (!read) return std::unexpected(base::ApiBadParameter(name, read.error().message));
    *time = *read;
  }
  const auto limit = base::ParseApiLimit(parameters.Get("limit"), kUsualLimit);
  if (!limit) return std::unexpected(base::ApiBadParameter("limit", limit.error().message));
  request.query.limit = *limit == 0 ? kMostLimit : std::min(*limit, kMostLimit);
  for (const std::string& text : parameters.GetAll("match[]")) {
    auto matchers = ParseMatch(text);
    if (!matchers) return std::unexpected(base::ApiBadParameter("match[]", promql::ErrorText(matchers.error())));
    request.sets.push_back(*std::move(matchers));
  }
  return request;
}

// Oldest first, each once whichever sets it fits.
base::Result<std::vector<HistoryEntry>> Find(const OpenHistory& open, Request request) {
  TRY(const auto database, open());
  if (request.sets.size() <= 1) {
    if (!request.sets.empty()) request.query.matchers = request.sets.front();
    return ReadHistory(*database, request.query);
  }
  std::vector<HistoryEntry> entries;
  for (auto& matchers : request.sets) {
    request.query.matchers = std::move(matchers);
    TRY(std::vector<HistoryEntry> more, ReadHistory(*database, request.query));
    std::ranges::move(more, std::back_inserter(entries));
  }
  std::ranges::sort(entries, {}, &HistoryEntry::id);
  const auto repeated = std::ranges::unique(entries, {}, &HistoryEntry::id);
  entries.erase(repeated.begin(), repeated.end());
  if (entries.size() > request.query.limit) {
    entries.erase(entries.begin(), entries.end() - static_cast<ptrdiff_t>(request.query.limit));
  }
  return entries;
}

template <class Write>
Response Answer(const OpenHistory& open, const base::Clock& clock, const base::HttpRequest& request, Write write) {
  const base::Timestamp now = clock.Now();
  auto read = Read(request.parameters, now);
  if (!read) return std::move(read).error();
  const auto entries = Find(open, *std::move(read));
  if (!entries) return base::ApiError(base::ApiErrorType::internal, entries.error().message);
  return base::ApiSuccess([&](JsonWriter& json) { write(json, *entries, now); });
}

void WriteChanges(JsonWriter& json, const std::vector<HistoryEntry>& entries, base::Timestamp) {
  json.BeginObject();
  WriteList(json, "changes", entries, WriteEntry);
  json.EndObject();
}

void WriteFiring(JsonWriter& json, const std::vector<HistoryEntry>& entries, base::Timestamp now) {
  const std::vector<FiringSpan> spans = FiringSpans(entries);
  json.BeginObject();
  WriteList(json, "spans", spans, WriteSpan);
  WriteList(json, "alerts", Summarize(spans, now), WriteSummary);
  json.EndObject();
}

}  // namespace

std::vector<base::Endpoint> HistoryEndpoints(OpenHistory open, const base::Clock& clock) {
  const auto row = [&](std::string path, std::string help, auto write) {
    return base::Endpoint{
        "GET", std::move(path), std::move(help),
        [open, &clock, write](const base::HttpRequest& request) { return Answer(open, clock, request, write); }};
  };
  return {
      row("/api/v1/alerts/history", "What alerts did: every change of state", WriteChanges),
      row("/api/v1/alerts/history/firing", "From when to when alerts fired, how often and how long", WriteFiring),
  };
}

}  // namespace rules
