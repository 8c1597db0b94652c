#include "ingest/scrape_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/net/http.h"

namespace ingest {
namespace {

constexpr base::Duration kAlignmentTolerance{2};

}  // namespace

base::Timestamp AlignedTime(base::Timestamp now, const Due& due) {
  const base::Duration tolerance = std::min(due.target.interval / 100, kAlignmentTolerance);
  return now - due.scheduled <= tolerance ? due.scheduled : now;
}

bool IsDiscovering(const ScrapeConfig& config) {
  return !config.file_sd_configs.empty() || !config.http_sd_configs.empty();
}

Plan MakePlan(const PoolKey& key, ConfigPtr config, const Discovered& before) {
  const auto started = std::chrono::steady_clock::now();
  Plan plan{
      .key = key, .config = std::move(config), .fetch = {}, .found = {}, .set = {}, .errors = {}, .url_errors = {}};
  plan.found = {Discover(plan.config->file_sd_configs, before.files, plan.errors), before.urls};
  std::vector<TargetGroup> groups = plan.config->static_configs;
  for (const auto& more : {GroupsOf(plan.found.files), GroupsOf(plan.found.urls)}) {
    groups.insert(groups.end(), more.begin(), more.end());
  }
  plan.set = MakeTargets(*plan.config, groups);
  plan.duration = std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() - started);
  return plan;
}

void LogReport(const ScrapeConfig& config, const Target& target, const ScrapeReport& report) {
  const std::string url = base::RedactUrl(target.url);
  if (report.error) {
    base::LogDebug("scrape failed", {{"scrape_pool", config.job_name}, {"target", url}, {"error", *report.error}});
  }
  const auto rejected = [&](std::string_view why, size_t count) {
    if (count == 0) return;
    base::LogWarn(why, {{"scrape_pool", config.job_name}, {"target", url}, {"num_dropped", count}});
  };
  rejected("Error on ingesting out-of-order samples", report.out_of_order);
  rejected("Error on ingesting samples with different value but same timestamp", report.duplicates);
  rejected("Error on ingesting samples that are too old or are too far into the future", report.out_of_bounds);
  rejected("Error on ingesting out-of-order exemplars", report.exemplars_out_of_order);
  rejected("Error on ingesting samples of new series: the store is full", report.refused);
}

std::string LastError(const ScrapeReport& report) {
  if (!report.error) return "";
  const auto& where = report.error->where;
  if (!where) return report.error->message;
  return fmt::format("line {}, column {}: {}", where->line, where->column, report.error->message);
}

}  // namespace ingest
