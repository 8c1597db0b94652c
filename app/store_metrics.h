#pragma once

#include <string>

#include "base/write_behind.h"
#include "exporter/metric_family.h"
#include "store/durable.h"
#include "store/exemplars.h"
#include "store/head.h"

namespace app {

// tocsin_store_…: what the store holds and what it refused.
exporter::MetricFamilies StoreMetrics(const store::HeadStats& stats);
// prometheus_tsdb_exemplar_…, under the names that dashboards read. Nothing for null.
exporter::MetricFamilies ExemplarMetrics(const store::Exemplars* exemplars);

// tocsin_storage_…: how what survives a restart gets to the disk. Nothing for null.
exporter::MetricFamilies WriterMetrics(const base::WriteBehind* writer);
exporter::MetricFamilies DurableMetrics(const store::Durable* durable);

// tocsin_storage_{free,size}_bytes of the file system that holds `folder`, as far as they can be read.
exporter::MetricFamilies DiskMetrics(const std::string& folder);

}  // namespace app
