#include "exporter/self_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "exporter/registry_adapter.h"

namespace exporter {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using LabelMap = std::map<std::string, std::string>;

prometheus::Family<Gauge>& MakeGauge(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

prometheus::Family<Counter>& MakeCounter(prometheus::Registry& registry, const std::string& name,
                                         const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

LabelMap With(LabelMap labels, std::string name, std::string value) {
  labels.emplace(std::move(name), std::move(value));
  return labels;
}

}  // namespace

struct SelfMetrics::Families {
  prometheus::Registry registry;
  prometheus::Family<Gauge>& success =
      MakeGauge(registry, "tocsin_collector_success", "Whether the collector's last run was without error.");
  prometheus::Family<Gauge>& duration =
      MakeGauge(registry, "tocsin_collector_duration_seconds", "How long the collector's last run took by itself.");
  prometheus::Family<Gauge>& last_success = MakeGauge(registry, "tocsin_collector_last_success_timestamp_seconds",
                                                      "When the collector last ran without error; 0 for never.");
  prometheus::Family<Gauge>& series =
      MakeGauge(registry, "tocsin_collector_series", "Samples the collector's last run gave.");
  prometheus::Family<Counter>& dropped = MakeCounter(registry, "tocsin_collector_dropped_rows_total",
                                                     "Rows and values the collector left out, by reason.");
  prometheus::Family<Counter>& errors =
      MakeCounter(registry, "tocsin_collector_errors_total", "Errors of the collector, by class.");
  prometheus::Family<Counter>& target_errors =
      MakeCounter(registry, "tocsin_target_errors_total", "Failures to reach the target, by class.");
  Counter& duplicates = MakeCounter(registry, "tocsin_exposition_duplicate_series_total",
                                    "Series left out because another collector gives one of the same name and labels.")
                            .Add({});
  Counter& conflicts = MakeCounter(registry, "tocsin_exposition_type_conflicts_total",
                                   "Families left out because another collector gives the name another type.")
                           .Add({});
};

SelfMetrics::SelfMetrics(bool several_targets)
    : several_targets_(several_targets), families_(std::make_unique<Families>()) {}

SelfMetrics::~SelfMetrics() = default;

LabelMap SelfMetrics::Labels(const std::string& target, const std::string& collector) const {
  LabelMap labels;
  if (several_targets_) labels.emplace("target", target);
  if (!collector.empty()) labels.emplace("collector", collector);
  return labels;
}

void SelfMetrics::Announce(const std::string& target, const std::string& collector) {
  const LabelMap labels = Labels(target, collector);
  families_->success.Add(labels);
  families_->last_success.Add(labels);
}

void SelfMetrics::Record(const std::string& target, const std::string& collector, const CollectorOutcome& outcome) {
  const LabelMap labels = Labels(target, collector);
  size_t series = 0;
  for (const MetricFamily& family : outcome.families) series += family.samples.size();
  families_->success.Add(labels).Set(outcome.success() ? 1 : 0);
  families_->duration.Add(labels).Set(outcome.duration.count());
  families_->series.Add(labels).Set(static_cast<double>(series));
  if (outcome.success()) families_->last_success.Add(labels).Set(base::ToSeconds(outcome.finished));
  for (const auto& [reason, count] : outcome.dropped) {
    families_->dropped.Add(With(labels, "reason", reason)).Increment(static_cast<double>(count));
  }
  for (const QueryError& error : outcome.errors) {
    families_->errors.Add(With(labels, "class", std::string(ToString(error.failure)))).Increment();
  }
}

void SelfMetrics::RecordMissed(const std::string& target, const std::string& collector, bool target_up) {
  const LabelMap labels = Labels(target, collector);
  families_->success.Add(labels).Set(0);
  if (!target_up) return;
  families_->errors.Add(With(labels, "class", std::string(ToString(FailureClass::timeout)))).Increment();
}

void SelfMetrics::RecordTargetError(const std::string& target, FailureClass failure) {
  families_->target_errors.Add(With(Labels(target, ""), "class", std::string(ToString(failure)))).Increment();
}

void SelfMetrics::RecordClashes(size_t duplicates, size_t conflicts) {
  families_->duplicates.Increment(static_cast<double>(duplicates));
  families_->conflicts.Increment(static_cast<double>(conflicts));
}

MetricFamilies SelfMetrics::Collect() const { return FromCollectable(families_->registry); }

}  // namespace exporter
