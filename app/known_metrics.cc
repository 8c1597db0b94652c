#include "app/known_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "app/commands/api_client.h"
#include "exporter/collectors/collectors.h"
#include "ingest/exposition_parser.h"

namespace app {
namespace {

// What the program says of itself on its own page, beside what the exporter does. A test compares it with a page.
constexpr std::string_view kOwn[] = {
    "alertmanager_alerts",
    "alertmanager_alerts_invalid_total",
    "alertmanager_alerts_received_total",
    "alertmanager_build_info",
    "alertmanager_config_last_reload_success_timestamp_seconds",
    "alertmanager_config_last_reload_successful",
    "alertmanager_dispatcher_aggregation_groups",
    "alertmanager_inhibition_rules",
    "alertmanager_integrations",
    "alertmanager_notification_latency_seconds_bucket",
    "alertmanager_notification_latency_seconds_count",
    "alertmanager_notification_latency_seconds_sum",
    "alertmanager_notification_requests_failed_total",
    "alertmanager_notification_requests_total",
    "alertmanager_notifications_failed_total",
    "alertmanager_notifications_suppressed_total",
    "alertmanager_notifications_total",
    "alertmanager_receivers",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
    "prometheus_build_info",
    "prometheus_config_last_reload_success_timestamp_seconds",
    "prometheus_config_last_reload_successful",
    "prometheus_engine_queries",
    "prometheus_engine_queries_concurrent_max",
    "prometheus_engine_query_duration_seconds",
    "prometheus_engine_query_duration_seconds_count",
    "prometheus_engine_query_duration_seconds_sum",
    "prometheus_notifications_alertmanagers_discovered",
    "prometheus_notifications_dropped_total",
    "prometheus_notifications_errors_total",
    "prometheus_notifications_latency_seconds",
    "prometheus_notifications_latency_seconds_count",
    "prometheus_notifications_latency_seconds_sum",
    "prometheus_notifications_queue_capacity",
    "prometheus_notifications_queue_length",
    "prometheus_notifications_sent_total",
    "prometheus_rule_evaluation_duration_seconds",
    "prometheus_rule_evaluation_duration_seconds_count",
    "prometheus_rule_evaluation_duration_seconds_sum",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_evaluations_total",
    "prometheus_rule_group_duration_seconds",
    "prometheus_rule_group_duration_seconds_count",
    "prometheus_rule_group_duration_seconds_sum",
    "prometheus_rule_group_interval_seconds",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_group_iterations_total",
    "prometheus_rule_group_last_duration_seconds",
    "prometheus_rule_group_last_evaluation_samples",
    "prometheus_rule_group_last_evaluation_timestamp_seconds",
    "prometheus_rule_group_last_rule_duration_sum_seconds",
    "prometheus_rule_group_rules",
    "prometheus_sd_discovered_targets",
    "prometheus_sd_file_read_errors_total",
    "prometheus_sd_http_failures_total",
    "prometheus_target_interval_length_seconds",
    "prometheus_target_interval_length_seconds_count",
    "prometheus_target_interval_length_seconds_sum",
    "prometheus_target_scrape_pool_exceeded_label_limits_total",
    "prometheus_target_scrape_pool_exceeded_target_limit_total",
    "prometheus_target_scrape_pool_targets",
    "prometheus_target_scrapes_exceeded_body_size_limit_total",
    "prometheus_target_scrapes_exceeded_sample_limit_total",
    "prometheus_target_scrapes_exemplar_out_of_order_total",
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_sync_failed_total",
    "prometheus_target_sync_length_seconds",
    "prometheus_target_sync_length_seconds_count",
    "prometheus_target_sync_length_seconds_sum",
    "prometheus_tsdb_exemplar_exemplars_appended_total",
    "prometheus_tsdb_exemplar_exemplars_in_storage",
    "prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds",
    "prometheus_tsdb_exemplar_max_exemplars",
    "prometheus_tsdb_exemplar_out_of_order_exemplars_total",
    "prometheus_tsdb_exemplar_series_with_exemplars_in_storage",
    "prometheus_tsdb_head_chunks",
    "prometheus_tsdb_head_max_time",
    "prometheus_tsdb_head_max_time_seconds",
    "prometheus_tsdb_head_min_time",
    "prometheus_tsdb_head_min_time_seconds",
    "prometheus_tsdb_head_out_of_order_samples_appended_total",
    "prometheus_tsdb_head_samples_appended_total",
    "prometheus_tsdb_head_series",
    "prometheus_tsdb_head_series_created_total",
    "prometheus_tsdb_head_series_removed_total",
    "prometheus_tsdb_lowest_timestamp",
    "prometheus_tsdb_lowest_timestamp_seconds",
    "prometheus_tsdb_out_of_order_samples_total",
    "prometheus_tsdb_retention_limit_bytes",
    "prometheus_tsdb_retention_limit_seconds",
    "prometheus_tsdb_too_old_samples_total",
    "prometheus_tsdb_wal_writes_failed_total",
    "tocsin_build_info",
    "tocsin_clock_jump_seconds",
    "tocsin_clock_jumps_total",
    "tocsin_config_last_reload_success_timestamp_seconds",
    "tocsin_config_last_reload_successful",
    "tocsin_notification_attempts_total",
    "tocsin_scrape_samples_refused_total",
    "tocsin_scrape_samples_total",
    "tocsin_scrapes_exceeded_bucket_limit_total",
    "tocsin_scrapes_failed_total",
    "tocsin_scrapes_total",
    "tocsin_storage_block_bytes_total",
    "tocsin_storage_block_samples_total",
    "tocsin_storage_damaged_rows",
    "tocsin_storage_failures_total",
    "tocsin_storage_free_bytes",
    "tocsin_storage_last_success_timestamp_seconds",
    "tocsin_storage_log_bytes",
    "tocsin_storage_queued_bytes",
    "tocsin_storage_queued_writes",
    "tocsin_storage_restored_series",
    "tocsin_storage_size_bytes",
    "tocsin_storage_writes_dropped_total",
    "tocsin_storage_writes_rejected_total",
    "tocsin_storage_writes_total",
    "tocsin_store_bytes",
    "tocsin_store_chunks",
    "tocsin_store_samples_appended_total",
    "tocsin_store_samples_refused_total",
    "tocsin_store_series",
    "tocsin_store_series_created_total",
    "tocsin_store_series_removed_total",
};

// What every scrape adds.
constexpr std::string_view kOfScrapes[] = {
    "up",
    "scrape_body_size_bytes",
    "scrape_duration_seconds",
    "scrape_sample_limit",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "scrape_timeout_seconds",
};

// Nobody else names metrics so.
constexpr std::string_view kOwnPrefix = "tocsin_";

void Add(std::span<const std::string_view> names, rules::KnownMetrics& metrics) {
  metrics.names.insert(names.begin(), names.end());
}

// The series that a declared metric may have.
void AddDeclared(const std::string& name, std::string_view type, rules::KnownMetrics& metrics) {
  metrics.names.insert(name);
  if (type == "counter") metrics.names.insert(name + "_total");
  if (type == "info") metrics.names.insert(name + "_info");
  if (type != "histogram" && type != "summary") return;
  for (const char* part : {"_bucket", "_sum", "_count"}) metrics.names.insert(name + part);
}

}  // namespace

rules::LintKnowledge KnowledgeOf(const Config& config) {
  rules::LintKnowledge knowledge;
  rules::KnownMetrics& metrics = knowledge.metrics.emplace();
  for (std::string& name : exporter::ExposedMetricNames(config.collectors)) metrics.names.insert(std::move(name));
  Add(kOwn, metrics);
  Add(kOfScrapes, metrics);
  metrics.complete = config.scrape_configs.empty() && !config.evaluation.datasource;
  // without collectors of our own, the tocsin whose page is scraped has others
  if (!config.collectors.targets.empty()) metrics.prefixes = {std::string(kOwnPrefix)};
  knowledge.scrape_interval = config.global.scrape_interval;
  for (const ingest::ScrapeConfig& job : config.scrape_configs) {
    knowledge.job_intervals[job.job_name] = job.scrape_interval;
    knowledge.scrape_interval = std::min(*knowledge.scrape_interval, job.scrape_interval);
  }
  knowledge.retention = config.storage.retention;
  knowledge.evaluation_interval = config.global.evaluation_interval;
  for (const rules::RuleGroup& group : config.rules.groups) {
    for (const rules::Rule& rule : group.rules) {
      if (rule.kind != rules::RuleKind::recording) continue;
      knowledge.recorded.emplace(rule.name, group.interval.value_or(config.global.evaluation_interval));
    }
  }
  return knowledge;
}

std::vector<rules::LintFinding> LintConfig(const Config& config, bool complete) {
  rules::LintKnowledge knowledge = KnowledgeOf(config);
  knowledge.metrics->complete = knowledge.metrics->complete && complete;
  const std::vector<std::string> words = {"default"};
  const auto lints = rules::ChooseLints(words);
  if (!lints) return {};
  std::vector<rules::RuleGroup> written = config.rules.groups;
  std::erase_if(written, [](const rules::RuleGroup& group) { return group.builtin; });
  return rules::RunLints(written, knowledge, *lints);
}

base::Result<void> AddMetricsOfPage(std::string_view page, rules::KnownMetrics& metrics) {
  const bool openmetrics = page.ends_with("# EOF\n") || page.ends_with("# EOF");
  const auto parser = openmetrics ? ingest::NewOpenMetricsParser(page) : ingest::NewTextParser(page);
  ingest::Entry entry;
  while (true) {
    TRY(const bool more, parser->Next(entry));
    if (!more) break;
    if (entry.kind == ingest::EntryKind::type) {
      AddDeclared(std::string(entry.metric), ingest::ToString(entry.type), metrics);
    } else if (entry.kind == ingest::EntryKind::sample && !parser->labels().empty()) {
      metrics.names.emplace(parser->labels().front().value);
    }
  }
  Add(kOfScrapes, metrics);
  return {};
}

base::Result<void> AddMetricsOfServer(const std::string& url, rules::KnownMetrics& metrics) {
  TRY(const std::string names, AskApi(url + "/api/v1/label/__name__/values"));
  const auto list = nlohmann::json::parse(names, nullptr, false);
  if (!list.is_array()) return base::Unavailable("the server's list of metrics is not one");
  for (const auto& name : list) {
    if (name.is_string()) metrics.names.insert(name.get<std::string>());
  }
  // not every server with this API has targets
  const auto declared = AskApi(url + "/api/v1/targets/metadata");
  if (!declared) return {};
  const auto targets = nlohmann::json::parse(*declared, nullptr, false);
  if (!targets.is_array()) return {};
  for (const auto& one : targets) {
    if (!one.is_object() || !one.contains("metric") || !one["metric"].is_string()) continue;
    AddDeclared(one["metric"].get<std::string>(), one.value("type", ""), metrics);
  }
  return {};
}

}  // namespace app
