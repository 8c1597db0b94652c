#include "app/commands/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/commands/api_client.h"
#include "base/clock.h"
#include "base/text.h"

namespace app {
namespace {

using Json = nlohmann::json;

// name{…} as people write an alert.
std::string AlertText(const Json& labels) {
  std::string text = labels.value("alertname", "");
  std::vector<std::string> pairs;
  for (const auto& [name, value] : labels.items()) {
    if (name != "alertname") pairs.push_back(fmt::format("{}={}", name, base::Quote(value.get<std::string>())));
  }
  return pairs.empty() ? text : fmt::format("{}{{{}}}", text, base::Join(pairs, ","));
}

std::string SpanText(double seconds) { return base::FormatDurationForPeople(base::DurationFromSeconds(seconds)); }

void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], base::Utf8Length(row[i]));
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - base::Utf8Length(row[i]), ' ');
    }
    fmt::print("{}\n", line);
  }
}

void PrintChanges(const Json& data) {
  std::vector<std::vector<std::string>> rows = {{"TIME", "FROM", "TO", "VALUE", "CAUSE", "ALERT"}};
  for (const Json& change : data.at("changes")) {
    rows.push_back({change.at("time"), change.at("before"), change.at("after"), change.at("value"), change.at("cause"),
                    AlertText(change.at("labels"))});
  }
  PrintTable(rows);
}

void PrintFiring(const Json& data, base::Timestamp now) {
  std::vector<std::vector<std::string>> rows = {{"FIRED", "ENDED", "LASTED", "ALERT"}};
  for (const Json& span : data.at("spans")) {
    const std::string fired = span.at("firedAt");
    const bool ended = span.contains("endedAt");
    const base::Timestamp end = ended ? *base::ParseRfc3339(span.at("endedAt").get<std::string>()) : now;
    rows.push_back({fired, ended ? span.at("endedAt").get<std::string>() : "still firing",
                    base::FormatDurationForPeople(end - *base::ParseRfc3339(fired)), AlertText(span.at("labels"))});
  }
  PrintTable(rows);
  fmt::print("\n");
  rows = {{"TIMES", "TOGETHER", "MEAN TO RESOLVE", "ALERT"}};
  for (const Json& alert : data.at("alerts")) {
    const bool resolved = alert.contains("meanTimeToResolveSeconds");
    rows.push_back({std::to_string(alert.at("fired").get<int64_t>()), SpanText(alert.at("firingSeconds")),
                    resolved ? SpanText(alert.at("meanTimeToResolveSeconds")) : "-", AlertText(alert.at("labels"))});
  }
  PrintTable(rows);
}

}  // namespace

int PrintHistory(const Invocation& invocation) {
  const auto fail = [](std::string_view message) {
    fmt::print(stderr, "tocsin history: {}\n", message);
    return static_cast<int>(kFailed);
  };
  const auto since = base::ParseDuration(invocation.Get("since"));
  if (!since) return fail(since.error().message);
  const base::Timestamp now = base::SystemClock().Now();
  const bool changes = invocation.IsOn("changes");
  std::string url = fmt::format("{}/api/v1/alerts/history{}?start={:.3f}&limit=0", invocation.Get("url"),
                                changes ? "" : "/firing", base::ToSeconds(now - *since));
  for (const std::string& selector : invocation.arguments()) url += "&match[]=" + base::EscapeUrlQuery(selector);
  const auto data = AskApi(url);
  if (!data) return fail(data.error().message);
  try {
    if (changes) {
      PrintChanges(Json::parse(*data));
    } else {
      PrintFiring(Json::parse(*data), now);
    }
  } catch (const Json::exception& error) {
    return fail(fmt::format("the answer of {} is not tocsin's: {}", invocation.Get("url"), error.what()));
  }
  return kOk;
}

std::vector<Flag> HistoryFlags() {
  return {
      {"url", "URL", "http://127.0.0.1:9090", "Where a tocsin serves.", false},
      {"since", "DURATION", "1d", "How far back to look.", false},
      {"changes", "", "false", "Every change of state instead of the times alerts fired.", false},
  };
}

}  // namespace app
