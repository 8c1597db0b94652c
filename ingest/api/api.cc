#include "ingest/api/api.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/net/api_response.h"
#include "base/text.h"

namespace ingest {
namespace {

using base::JsonWriter;

void WriteLabels(JsonWriter& json, const base::Labels& labels) {
  json.BeginObject();
  for (const base::Label& label : labels) json.Key(label.name).String(label.value);
  json.EndObject();
}

std::string Time(const std::optional<base::Timestamp>& time) {
  return time ? base::FormatRfc3339(*time) : "0001-01-01T00:00:00Z";
}

void WriteActive(JsonWriter& json, const TargetStatus& target) {
  json.BeginObject();
  WriteLabels(json.Key("discoveredLabels"), target.discovered);
  WriteLabels(json.Key("labels"), target.labels);
  json.Key("scrapePool").String(target.scrape_pool);
  json.Key("scrapeUrl").String(target.scrape_url);
  json.Key("globalUrl").String(target.scrape_url);
  json.Key("lastError").String(target.last_error);
  json.Key("lastScrape").String(Time(target.last_scrape));
  json.Key("lastScrapeDuration").Number(base::ToSeconds(target.last_duration));
  json.Key("health").String(ToString(target.health));
  json.Key("scrapeInterval").String(base::FormatDuration(target.interval));
  json.Key("scrapeTimeout").String(base::FormatDuration(target.timeout));
  json.EndObject();
}

// `state` is active, dropped, or any or nothing for both; another one finds nothing. `scrapePool` is one job.
base::HttpResponse Targets(const ScrapeManager& manager, const base::HttpRequest& request) {
  const std::string state = base::ToLower(request.parameters.Get("state"));
  const std::string_view pool = request.parameters.Get("scrapePool");
  const auto wanted = [&](const std::string& name) { return pool.empty() || pool == name; };
  const bool both = state.empty() || state == "any";
  const bool active = both || state == "active";
  const bool show_dropped = both || state == "dropped";
  return base::ApiSuccess([&](JsonWriter& json) {
    json.BeginObject().Key("activeTargets").BeginArray();
    if (active) {
      for (const TargetStatus& target : manager.Targets()) {
        if (wanted(target.scrape_pool)) WriteActive(json, target);
      }
    }
    json.EndArray().Key("droppedTargets").BeginArray();
    std::map<std::string, int64_t> dropped;
    for (const TargetStatus& target : manager.Targets()) dropped.try_emplace(target.scrape_pool);
    for (const DroppedTarget& target : manager.DroppedTargets()) {
      ++dropped[target.scrape_pool];
      if (!show_dropped || !wanted(target.scrape_pool)) continue;
      json.BeginObject();
      WriteLabels(json.Key("discoveredLabels"), target.discovered);
      json.Key("scrapePool").String(target.scrape_pool).EndObject();
    }
    json.EndArray().Key("droppedTargetCounts");
    if (!show_dropped) {
      json.Null();
    } else {
      json.BeginObject();
      for (const auto& [name, count] : dropped) json.Key(name).Number(count);
      json.EndObject();
    }
    json.EndObject();
  });
}

void WriteDescription(JsonWriter& json, const MetricMetadata& metadata) {
  json.Key("type").String(ToString(metadata.type)).Key("help").String(metadata.help);
  json.Key("unit").String(metadata.unit);
}

// A limit below 0, or none, is none.
base::Result<std::optional<size_t>> ReadLimit(const base::HttpParameters& parameters, std::string_view name) {
  const std::string_view text = parameters.Get(name);
  if (text.empty()) return std::optional<size_t>();
  const auto limit = base::ParseInteger(text);
  if (!limit) return base::Invalid(std::string(name) + " must be a number");
  return *limit < 0 ? std::optional<size_t>() : std::optional<size_t>(static_cast<size_t>(*limit));
}

base::HttpResponse TargetsMetadata(const ScrapeManager& manager, const SelectorParser& parse_selector,
                                   const base::HttpRequest& request) {
  const auto limit = ReadLimit(request.parameters, "limit");
  if (!limit) return base::ApiError(base::ApiErrorType::bad_data, limit.error().message);
  std::vector<base::Matcher> matchers;
  if (const std::string_view text = request.parameters.Get("match_target"); !text.empty()) {
    auto read = parse_selector(text);
    if (!read) return base::ApiBadParameter("match_target", read.error().message);
    matchers = *std::move(read);
  }
  const std::string_view metric = request.parameters.Get("metric");
  return base::ApiSuccess([&](JsonWriter& json) {
    json.BeginArray();
    size_t written = 0;
    for (const TargetMetadata& target : manager.Metadata()) {
      if (!std::ranges::all_of(matchers, [&](const base::Matcher& one) { return one.Matches(target.target); }))
        continue;
      for (const MetricMetadata& metadata : target.metadata) {
        if (!metric.empty() && metadata.metric != metric) continue;
        if (*limit && written >= **limit) break;
        ++written;
        json.BeginObject();
        WriteLabels(json.Key("target"), target.target);
        if (metric.empty()) json.Key("metric").String(metadata.metric);
        WriteDescription(json, metadata);
        json.EndObject();
      }
    }
    json.EndArray();
  });
}

base::HttpResponse Metadata(const ScrapeManager& manager, const base::HttpRequest& request) {
  const auto limit = ReadLimit(request.parameters, "limit");
  if (!limit) return base::ApiError(base::ApiErrorType::bad_data, limit.error().message);
  const auto per_metric = ReadLimit(request.parameters, "limit_per_metric");
  if (!per_metric) return base::ApiError(base::ApiErrorType::bad_data, per_metric.error().message);
  const std::string_view metric = request.parameters.Get("metric");
  const auto less = [](const MetricMetadata& a, const MetricMetadata& b) {
    return std::tie(a.type, a.help, a.unit) < std::tie(b.type, b.help, b.unit);
  };
  std::map<std::string, std::set<MetricMetadata, decltype(less)>> metrics;
  for (const TargetMetadata& target : manager.Metadata()) {
    for (const MetricMetadata& metadata : target.metadata) {
      if (metric.empty() || metadata.metric == metric)
        metrics.try_emplace(metadata.metric, less).first->second.insert(metadata);
    }
  }
  return base::ApiSuccess([&](JsonWriter& json) {
    json.BeginObject();
    size_t written = 0;
    for (const auto& [name, descriptions] : metrics) {
      if (*limit && written++ >= **limit) break;
      json.Key(name).BeginArray();
      size_t of_metric = 0;
      for (const MetricMetadata& metadata : descriptions) {
        if (*per_metric && **per_metric > 0 && of_metric++ >= **per_metric) break;
        json.BeginObject();
        WriteDescription(json, metadata);
        json.EndObject();
      }
      json.EndArray();
    }
    json.EndObject();
  });
}

base::HttpResponse ScrapePools(const ScrapeManager& manager, const base::HttpRequest&) {
  return base::ApiSuccess([&](JsonWriter& json) {
    json.BeginObject().Key("scrapePools").BeginArray();
    for (const std::string& pool : manager.ScrapePools()) json.String(pool);
    json.EndArray().EndObject();
  });
}

}  // namespace

std::vector<base::Endpoint> Endpoints(const ScrapeManager& manager, SelectorParser parse_selector) {
  const auto row = [&manager](std::string path, std::string help, const auto& answer) {
    return base::Endpoint{"GET", std::move(path), std::move(help),
                          [&manager, answer](const base::HttpRequest& request) { return answer(manager, request); }};
  };
  const auto metadata_of_targets = [parse = std::move(parse_selector)](const ScrapeManager& of,
                                                                       const base::HttpRequest& request) {
    return TargetsMetadata(of, parse, request);
  };
  return {
      row("/api/v1/targets", "What is scraped, and how that goes", Targets),
      row("/api/v1/targets/metadata", "Type and help of metrics, by target", metadata_of_targets),
      row("/api/v1/metadata", "Type and help of metrics", Metadata),
      row("/api/v1/scrape_pools", "The names of the scrape jobs", ScrapePools),
  };
}

}  // namespace ingest
