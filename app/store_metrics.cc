#include "app/store_metrics.h"

#include <filesystem>
#include <initializer_list>
#include <system_error>

#include "app/add_family.h"

namespace app {
namespace {

void AddValue(exporter::MetricFamilies& families, std::string_view name, exporter::MetricType type,
              std::string_view help, size_t value) {
  exporter::AddSample(AddFamily(families, name, type, help), "", static_cast<double>(value));
}

}  // namespace

exporter::MetricFamilies StoreMetrics(const store::HeadStats& stats) {
  using enum exporter::MetricType;
  exporter::MetricFamilies families;
  AddValue(families, "tocsin_store_series", gauge, "Series in memory.", stats.series);
  AddValue(families, "tocsin_store_chunks", gauge, "Chunks of samples in memory.", stats.chunks);
  AddValue(families, "tocsin_store_bytes", gauge, "Bytes of samples, labels and their bookkeeping, estimated.",
           stats.bytes);
  AddValue(families, "tocsin_store_samples_appended_total", counter, "Samples stored since the start.",
           stats.samples_appended);
  AddValue(families, "tocsin_store_series_created_total", counter, "Series created since the start.",
           stats.series_created);
  AddValue(families, "tocsin_store_series_removed_total", counter, "Series dropped by retention since the start.",
           stats.series_removed);
  exporter::MetricFamily& refused =
      AddFamily(families, "tocsin_store_samples_refused_total", counter, "Samples not stored, by reason.");
  const std::initializer_list<std::pair<std::string_view, uint64_t>> reasons = {
      {"duplicate", stats.duplicates},      {"invalid_labels", stats.invalid_labels},
      {"out_of_order", stats.out_of_order}, {"series_limit", stats.over_series_limit},
      {"too_old", stats.too_old},
  };
  for (const auto& [reason, count] : reasons) {
    std::string labels;
    exporter::AppendLabel(labels, 0, "reason", reason);
    exporter::AddSample(refused, labels, static_cast<double>(count));
  }
  return families;
}

exporter::MetricFamilies ExemplarMetrics(const store::Exemplars* exemplars) {
  using enum exporter::MetricType;
  exporter::MetricFamilies families;
  if (exemplars == nullptr) return families;
  const store::ExemplarStats stats = exemplars->GetStats();
  AddValue(families, "prometheus_tsdb_exemplar_exemplars_in_storage", gauge, "Exemplars in memory.", stats.exemplars);
  AddValue(families, "prometheus_tsdb_exemplar_max_exemplars", gauge, "How many exemplars are kept at most.",
           stats.capacity);
  AddValue(families, "prometheus_tsdb_exemplar_series_with_exemplars_in_storage", gauge, "Series that have exemplars.",
           stats.series);
  AddValue(families, "prometheus_tsdb_exemplar_exemplars_appended_total", counter, "Exemplars stored since the start.",
           stats.appended);
  AddValue(families, "prometheus_tsdb_exemplar_out_of_order_exemplars_total", counter,
           "Exemplars not stored because the series has a later one.", stats.out_of_order);
  exporter::AddSample(AddFamily(families, "prometheus_tsdb_exemplar_last_exemplars_timestamp_seconds", gauge,
                                "Time of the exemplar that gives way to the next one; 0 where there is none."),
                      "", stats.reaches ? base::ToSeconds(*stats.reaches) : 0);
  return families;
}

exporter::MetricFamilies WriterMetrics(const base::WriteBehind* writer) {
  using enum exporter::MetricType;
  exporter::MetricFamilies families;
  if (writer == nullptr) return families;
  const base::WriteBehind::Stats stats = writer->GetStats();
  AddValue(families, "tocsin_storage_queued_writes", gauge, "Changes that wait to be written to the database.",
           stats.queued_writes);
  AddValue(families, "tocsin_storage_queued_bytes", gauge, "Bytes of changes that wait to be written, about.",
           stats.queued_bytes);
  AddValue(families, "tocsin_storage_writes_total", counter, "Changes written since the start.", stats.committed);
  AddValue(families, "tocsin_storage_writes_dropped_total", counter,
           "Changes lost because too many waited to be written.", stats.dropped);
  AddValue(families, "tocsin_storage_writes_rejected_total", counter, "Changes the database refused.", stats.rejected);
  AddValue(families, "tocsin_storage_failures_total", counter,
           "Commits that failed and were tried again: disk full, file locked.", stats.failures);
  if (stats.last_success) {
    exporter::AddSample(AddFamily(families, "tocsin_storage_last_success_timestamp_seconds", gauge,
                                  "When changes were last committed."),
                        "", base::ToSeconds(*stats.last_success));
  }
  return families;
}

exporter::MetricFamilies DurableMetrics(const store::Durable* durable) {
  using enum exporter::MetricType;
  exporter::MetricFamilies families;
  if (durable == nullptr) return families;
  const store::Durable::Stats stats = durable->GetStats();
  AddValue(families, "tocsin_storage_log_bytes", gauge, "Bytes of the log of samples not yet in blocks.",
           stats.log_bytes);
  AddValue(families, "tocsin_storage_block_bytes_total", counter, "Bytes of blocks of samples written since the start.",
           stats.block_bytes);
  AddValue(families, "tocsin_storage_block_samples_total", counter, "Samples moved to blocks since the start.",
           stats.block_samples);
  AddValue(families, "tocsin_storage_restored_series", gauge, "Series found at the start.", stats.restored.series);
  AddValue(families, "tocsin_storage_damaged_rows", gauge, "Rows that did not read at the start and were left out.",
           stats.restored.damaged);
  return families;
}

exporter::MetricFamilies DiskMetrics(const std::string& folder) {
  exporter::MetricFamilies families;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(folder, error);
  if (error) return families;
  AddValue(families, "tocsin_storage_free_bytes", exporter::MetricType::gauge,
           "Free bytes of the file system that holds the data folder.", space.available);
  AddValue(families, "tocsin_storage_size_bytes", exporter::MetricType::gauge,
           "Size of the file system that holds the data folder, in bytes.", space.capacity);
  return families;
}

}  // namespace app
