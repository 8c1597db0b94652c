#include "app/prometheus_metrics.h"

#include <initializer_list>
#include <utility>

#include "app/add_family.h"
#include "app/status_api.h"

namespace app {
namespace {

using exporter::MetricFamilies;
using exporter::MetricType;
using enum exporter::MetricType;
using LabelPairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void AddLabelled(exporter::MetricFamily& family, LabelPairs pairs, double value) {
  std::string labels;
  for (const auto& [name, text] : pairs) exporter::AppendLabel(labels, 0, name, text);
  exporter::AddSample(family, labels, value);
}

void AddValue(MetricFamilies& families, std::string_view name, MetricType type, std::string_view help, double value) {
  exporter::AddSample(AddFamily(families, name, type, help), "", value);
}

void AddCount(MetricFamilies& families, std::string_view name, std::string_view help, uint64_t value) {
  AddValue(families, name, counter, help, static_cast<double>(value));
}

MetricFamilies BuildInfoOf(std::string_view name, std::string_view version) {
  MetricFamilies families;
  AddLabelled(AddFamily(families, name, gauge, "Always 1; labels tell the version."),
              {{"version", version}, {"revision", ""}, {"branch", ""}, {"goversion", ""}, {"application", "tocsin"}},
              1);
  return families;
}

void AddTimes(MetricFamilies& families, const std::optional<store::TimeRange>& times) {
  if (!times) return;
  const auto add = [&](const std::string& name, std::string_view help, base::Timestamp time) {
    AddValue(families, name, gauge, help, static_cast<double>(time.time_since_epoch().count()));
    AddValue(families, name + "_seconds", gauge, help, base::ToSeconds(time));
  };
  add("prometheus_tsdb_head_min_time", "When the oldest sample in memory was taken.", times->min);
  add("prometheus_tsdb_head_max_time", "When the newest sample in memory was taken.", times->max);
  add("prometheus_tsdb_lowest_timestamp", "When the oldest sample kept was taken.", times->min);
}

}  // namespace

MetricFamilies PrometheusBuildInfo() { return BuildInfoOf("prometheus_build_info", kPrometheusVersion); }
MetricFamilies AlertmanagerBuildInfo() { return BuildInfoOf("alertmanager_build_info", TOCSIN_VERSION); }

MetricFamilies PrometheusStoreMetrics(const store::HeadStats& stats, const RetentionLimits& retention) {
  MetricFamilies families;
  AddValue(families, "prometheus_tsdb_head_series", gauge, "Series in memory.", static_cast<double>(stats.series));
  AddValue(families, "prometheus_tsdb_head_chunks", gauge, "Chunks of samples in memory.",
           static_cast<double>(stats.chunks));
  AddCount(families, "prometheus_tsdb_head_series_created_total", "Series created since the start.",
           stats.series_created);
  AddCount(families, "prometheus_tsdb_head_series_removed_total", "Series dropped by retention since the start.",
           stats.series_removed);
  exporter::MetricFamily& appended =
      AddFamily(families, "prometheus_tsdb_head_samples_appended_total", counter, "Samples stored since the start.");
  AddLabelled(appended, {{"type", "float"}}, static_cast<double>(stats.samples_appended - stats.histograms_appended));
  AddLabelled(appended, {{"type", "histogram"}}, static_cast<double>(stats.histograms_appended));
  AddCount(families, "prometheus_tsdb_head_out_of_order_samples_appended_total",
           "Samples stored that were older than others of their series.", stats.out_of_order_appended);
  AddCount(families, "prometheus_tsdb_out_of_order_samples_total", "Samples refused because they were out of order.",
           stats.out_of_order);
  AddCount(families, "prometheus_tsdb_too_old_samples_total",
           "Samples refused because they were older than the window for late ones.", stats.too_old);
  AddTimes(families, stats.times);
  AddValue(families, "prometheus_tsdb_retention_limit_seconds", gauge, "How long samples are kept.",
           base::ToSeconds(retention.time));
  AddValue(families, "prometheus_tsdb_retention_limit_bytes", gauge, "How much memory samples may take; 0 is no limit.",
           static_cast<double>(retention.bytes));
  return families;
}

MetricFamilies PrometheusWriterMetrics(const base::WriteBehind* writer) {
  MetricFamilies families;
  if (writer == nullptr) return families;
  AddCount(families, "prometheus_tsdb_wal_writes_failed_total",
           "Commits that failed and were tried again: disk full, file locked.", writer->GetStats().failures);
  return families;
}

}  // namespace app
