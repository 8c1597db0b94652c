#include "app/status_api.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <thread>

#include "base/net/api_response.h"

namespace app {
namespace {

using base::JsonWriter;

constexpr size_t kTableRows = 10;
constexpr size_t kMostTableRows = 10'000;

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

void WriteBuildInfo(JsonWriter& json) {
  json.BeginObject();
  json.Key("version").String(kPrometheusVersion);
  json.Key("revision").String("").Key("branch").String("").Key("buildUser").String("").Key("buildDate").String("");
  json.Key("goVersion").String("");
  json.Key("application").String("tocsin").Key("applicationVersion").String(TOCSIN_VERSION);
  json.EndObject();
}

void WriteRuntimeInfo(JsonWriter& json, const StatusSource& source) {
  const ReloadStatus::State reload = source.reload();
  std::error_code ignored;
  json.BeginObject();
  json.Key("startTime").String(base::FormatRfc3339(source.started));
  json.Key("CWD").String(std::filesystem::current_path(ignored).string());
  json.Key("hostname").String(HostName());
  json.Key("serverTime").String(base::FormatRfc3339(source.now()));
  json.Key("reloadConfigSuccess").Bool(reload.successful);
  json.Key("lastConfigTime").String(base::FormatRfc3339(reload.last_success));
  json.Key("corruptionCount").Number(0).Key("goroutineCount").Number(0);
  json.Key("GOMAXPROCS").Number(static_cast<int>(std::thread::hardware_concurrency()));
  json.Key("GOMEMLIMIT").Number(0).Key("GOGC").String("").Key("GODEBUG").String("");
  json.Key("storageRetention").String(source.retention);
  json.EndObject();
}

void WriteTable(JsonWriter& json, const store::CardinalityTables::Table& table) {
  json.BeginArray();
  for (const auto& [name, count] : table) {
    json.BeginObject().Key("name").String(name).Key("value").Number(count).EndObject();
  }
  json.EndArray();
}

base::HttpResponse Tsdb(const StatusSource& source, const base::HttpRequest& request) {
  size_t limit = kTableRows;
  if (const auto text = request.parameters.Get("limit"); !text.empty()) {
    const auto read = base::ParseApiLimit(text);
    if (!read || *read == 0 || *read > kMostTableRows) {
      return base::ApiError(base::ApiErrorType::bad_data, "limit must be a positive number");
    }
    limit = *read;
  }
  const store::HeadStats stats = source.head.Stats();
  const store::CardinalityTables tables = source.head.Cardinality(limit);
  const auto milliseconds = [](base::Timestamp time) { return static_cast<int64_t>(time.time_since_epoch().count()); };
  return base::ApiSuccess([&](JsonWriter& json) {
    json.BeginObject().Key("headStats").BeginObject();
    json.Key("numSeries").Number(uint64_t{stats.series});
    json.Key("numLabelPairs").Number(uint64_t{stats.label_pairs});
    json.Key("chunkCount").Number(uint64_t{stats.chunks});
    json.Key("minTime").Number(stats.times ? milliseconds(stats.times->min) : INT64_MAX);
    json.Key("maxTime").Number(stats.times ? milliseconds(stats.times->max) : INT64_MIN);
    json.EndObject();
    WriteTable(json.Key("seriesCountByMetricName"), tables.series_by_metric_name);
    WriteTable(json.Key("labelValueCountByLabelName"), tables.values_by_label_name);
    WriteTable(json.Key("memoryInBytesByLabelName"), tables.bytes_by_label_name);
    WriteTable(json.Key("seriesCountByLabelValuePair"), tables.series_by_label_pair);
    json.EndObject();
  });
}

void WriteFlags(JsonWriter& json, const StatusSource& source) {
  json.BeginObject();
  for (const auto& [name, value] : source.flags) json.Key(name).String(value);
  json.EndObject();
}

void WriteConfig(JsonWriter& json, const StatusSource& source) {
  json.BeginObject().Key("yaml").String(source.config()).EndObject();
}

// Samples are restored before the server listens, so that nobody ever sees it under way.
void WriteReplay(JsonWriter& json, const StatusSource&) {
  json.BeginObject().Key("min").Number(0).Key("max").Number(0).Key("current").Number(0).EndObject();
}

void WriteAlertmanagers(JsonWriter& json, const StatusSource& source) {
  json.BeginObject().Key("activeAlertmanagers").BeginArray();
  for (const std::string& url : source.alertmanagers()) json.BeginObject().Key("url").String(url).EndObject();
  json.EndArray().Key("droppedAlertmanagers").BeginArray().EndArray().EndObject();
}

// Blocks in Prometheus' sense, folders on its disk, are not here: samples are in one file and in memory.
void WriteBlocks(JsonWriter& json, const StatusSource&) {
  json.BeginObject().Key("blocks").BeginArray().EndArray().EndObject();
}

void WriteNothing(JsonWriter& json, const StatusSource&) { json.BeginArray().EndArray(); }

}  // namespace

std::vector<base::Endpoint> StatusEndpoints(StatusSource source) {
  const auto shared = std::make_shared<const StatusSource>(std::move(source));
  const auto row = [&shared](std::string path, std::string help, auto write) {
    return base::Endpoint{"GET", std::move(path), std::move(help), [shared, write](const base::HttpRequest&) {
                            return base::ApiSuccess([&](JsonWriter& json) { write(json, *shared); });
                          }};
  };
  const auto build_info = [](JsonWriter& json, const StatusSource&) { WriteBuildInfo(json); };
  return {
      row("/api/v1/status/buildinfo", "Which Prometheus' API this is, and which tocsin", build_info),
      {"GET", "/version", "Which Prometheus' API this is, and which tocsin",
       [](const base::HttpRequest&) {
         JsonWriter json;
         WriteBuildInfo(json);
         return base::HttpResponse{.content_type = "application/json", .body = std::move(json).Take()};
       }},
      row("/api/v1/status/runtimeinfo", "When it was started, and how the last reload went", WriteRuntimeInfo),
      row("/api/v1/status/flags", "The command line's flags", WriteFlags),
      row("/api/v1/status/config", "The configuration, without secrets", WriteConfig),
      row("/api/v1/status/walreplay", "How far restoring has come", WriteReplay),
      row("/api/v1/status/tsdb/blocks", "The blocks on the disk; there are none", WriteBlocks),
      row("/api/v1/alertmanagers", "The Alertmanagers that alerts are posted to", WriteAlertmanagers),
      row("/api/v1/notifications", "Notices for the page's visitors; there are none", WriteNothing),
      {"GET", "/api/v1/status/tsdb", "What the store holds, and what has most series",
       [shared](const base::HttpRequest& request) { return Tsdb(*shared, request); }},
  };
}

}  // namespace app
