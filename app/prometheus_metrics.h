#pragma once

#include "app/store_metrics.h"

namespace app {

// What Prometheus and Alertmanager call the same things, for dashboards and alerts made for them: which build this is,
// and what the store holds (prometheus_tsdb_head_…). docs/metrics.md has the whole list. Pure.

// prometheus_build_info; its version is that of the API, as in /api/v1/status/buildinfo.
exporter::MetricFamilies PrometheusBuildInfo();
// alertmanager_build_info, with tocsin's version.
exporter::MetricFamilies AlertmanagerBuildInfo();

struct RetentionLimits {
  base::Duration time{0};
  uint64_t bytes = 0;
};
exporter::MetricFamilies PrometheusStoreMetrics(const store::HeadStats& stats, const RetentionLimits& retention);
// Nothing for null.
exporter::MetricFamilies PrometheusWriterMetrics(const base::WriteBehind* writer);

}  // namespace app
