#include "ingest/scrape_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

namespace ingest {
namespace {

prometheus::Counter& NewCounter(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Labels ByJob(const std::string& job) { return {{"scrape_job", job}}; }
prometheus::Labels ByConfig(const std::string& job) { return {{"name", "scrape"}, {"config", job}}; }

prometheus::Summary::Quantiles Quantiles() {
  return {{0.01, 0.001}, {0.05, 0.005}, {0.5, 0.05}, {0.90, 0.01}, {0.99, 0.001}};
}

}  // namespace

struct ScrapeMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : scrapes(NewCounter(registry, "tocsin_scrapes_total", "Scrapes done.")),
        failures(NewCounter(registry, "tocsin_scrapes_failed_total", "Scrapes that failed.")),
        samples(NewCounter(registry, "tocsin_scrape_samples_total", "Samples written by scrapes.")),
        sample_limit(NewCounter(registry, "prometheus_target_scrapes_exceeded_sample_limit_total",
                                "Scrapes that hit the sample limit and were rejected.")),
        body_size_limit(NewCounter(registry, "prometheus_target_scrapes_exceeded_body_size_limit_total",
                                   "Scrapes that hit the body size limit and were rejected.")),
        bucket_limit(NewCounter(registry, "tocsin_scrapes_exceeded_bucket_limit_total",
                                "Scrapes that hit the native histogram bucket limit and were rejected.")),
        out_of_order(NewCounter(registry, "prometheus_target_scrapes_sample_out_of_order_total",
                                "Samples rejected because they were out of order.")),
        duplicates(NewCounter(registry, "prometheus_target_scrapes_sample_duplicate_timestamp_total",
                              "Samples rejected because another value has the same timestamp.")),
        out_of_bounds(NewCounter(registry, "prometheus_target_scrapes_sample_out_of_bounds_total",
                                 "Samples rejected because their timestamp is outside of what is kept.")),
        refused(NewCounter(registry, "tocsin_scrape_samples_refused_total",
                           "Samples of new series rejected because the store is full.")),
        exemplars_out_of_order(NewCounter(registry, "prometheus_target_scrapes_exemplar_out_of_order_total",
                                          "Exemplars rejected because they were out of order.")),
        discovery_errors(NewCounter(registry, "prometheus_sd_file_read_errors_total",
                                    "Files of file_sd_configs that could not be read.")),
        http_discovery_errors(
            NewCounter(registry, "prometheus_sd_http_failures_total", "Requests of http_sd_configs that failed.")),
        pool_targets(prometheus::BuildGauge()
                         .Name("prometheus_target_scrape_pool_targets")
                         .Help("Targets in this scrape pool.")
                         .Register(registry)),
        found_targets(prometheus::BuildGauge()
                          .Name("prometheus_sd_discovered_targets")
                          .Help("Targets found for this scrape job, those dropped by relabelling included.")
                          .Register(registry)),
        syncs_failed(prometheus::BuildCounter()
                         .Name("prometheus_target_sync_failed_total")
                         .Help("Targets that could not be scraped as configured.")
                         .Register(registry)),
        target_limit(NewCounter(registry, "prometheus_target_scrape_pool_exceeded_target_limit_total",
                                "Times that a scrape pool had more targets than its limit.")),
        label_limits(NewCounter(registry, "prometheus_target_scrape_pool_exceeded_label_limits_total",
                                "Scrapes that hit a label limit and were rejected.")),
        sync_length(prometheus::BuildSummary()
                        .Name("prometheus_target_sync_length_seconds")
                        .Help("How long it took to find a scrape pool's targets.")
                        .Register(registry)),
        intervals(prometheus::BuildSummary()
                      .Name("prometheus_target_interval_length_seconds")
                      .Help("Actual intervals between scrapes.")
                      .Register(registry)) {}

  prometheus::Counter& scrapes;
  prometheus::Counter& failures;
  prometheus::Counter& samples;
  prometheus::Counter& sample_limit;
  prometheus::Counter& body_size_limit;
  prometheus::Counter& bucket_limit;
  prometheus::Counter& out_of_order;
  prometheus::Counter& duplicates;
  prometheus::Counter& out_of_bounds;
  prometheus::Counter& refused;
  prometheus::Counter& exemplars_out_of_order;
  prometheus::Counter& discovery_errors;
  prometheus::Counter& http_discovery_errors;
  prometheus::Family<prometheus::Gauge>& pool_targets;
  prometheus::Family<prometheus::Gauge>& found_targets;
  prometheus::Family<prometheus::Counter>& syncs_failed;
  prometheus::Counter& target_limit;
  prometheus::Counter& label_limits;
  prometheus::Family<prometheus::Summary>& sync_length;
  prometheus::Family<prometheus::Summary>& intervals;
};

ScrapeMetrics::ScrapeMetrics(prometheus::Registry& registry) : families_(std::make_unique<Families>(registry)) {}
ScrapeMetrics::~ScrapeMetrics() = default;

void ScrapeMetrics::Scraped(const ScrapeReport& report) {
  families_->scrapes.Increment();
  if (report.error) families_->failures.Increment();
  if (!report.error) families_->samples.Increment(static_cast<double>(report.kept));
  if (report.sample_limit_exceeded) families_->sample_limit.Increment();
  if (report.body_size_limit_exceeded) families_->body_size_limit.Increment();
  // label_limit, label_name_length_limit or label_value_length_limit exceeded
  if (report.error && report.error->message.starts_with("label_")) families_->label_limits.Increment();
  if (report.bucket_limit_exceeded) families_->bucket_limit.Increment();
  families_->out_of_order.Increment(static_cast<double>(report.out_of_order));
  families_->duplicates.Increment(static_cast<double>(report.duplicates));
  families_->out_of_bounds.Increment(static_cast<double>(report.out_of_bounds));
  families_->refused.Increment(static_cast<double>(report.refused));
  families_->exemplars_out_of_order.Increment(static_cast<double>(report.exemplars_out_of_order));
}

void ScrapeMetrics::IntervalPassed(base::Duration configured, base::Duration actual) {
  families_->intervals.Add({{"interval", base::FormatDuration(configured)}}, Quantiles())
      .Observe(base::ToSeconds(actual));
}

void ScrapeMetrics::PoolSynced(const std::string& job, const Sync& sync) {
  families_->pool_targets.Add(ByJob(job)).Set(static_cast<double>(sync.targets));
  families_->found_targets.Add(ByConfig(job)).Set(static_cast<double>(sync.found));
  families_->syncs_failed.Add(ByJob(job)).Increment(static_cast<double>(sync.broken));
  families_->sync_length.Add(ByJob(job), Quantiles()).Observe(base::ToSeconds(sync.duration));
  if (sync.over_limit) families_->target_limit.Increment();
}

void ScrapeMetrics::PoolGone(const std::string& job) {
  families_->pool_targets.Remove(&families_->pool_targets.Add(ByJob(job)));
  families_->found_targets.Remove(&families_->found_targets.Add(ByConfig(job)));
  families_->syncs_failed.Remove(&families_->syncs_failed.Add(ByJob(job)));
  families_->sync_length.Remove(&families_->sync_length.Add(ByJob(job), Quantiles()));
}

void ScrapeMetrics::HttpDiscoveryFailed() { families_->http_discovery_errors.Increment(); }
void ScrapeMetrics::DiscoveryFailed() { families_->discovery_errors.Increment(); }

}  // namespace ingest
