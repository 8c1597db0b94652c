#include "rules/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <map>
#include <mutex>

namespace rules {
namespace {

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

prometheus::Family<prometheus::Counter>& Counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<prometheus::Gauge>& Gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
prometheus::Summary& Summary(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildSummary().Name(name).Help(help).Register(registry).Add(
      {}, prometheus::Summary::Quantiles{{0.01, 0.001}, {0.05, 0.005}, {0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}});
}

// What one group has.
struct GroupMetrics {
  prometheus::Counter* evaluations = nullptr;
  prometheus::Counter* failures = nullptr;
  prometheus::Counter* iterations = nullptr;
  prometheus::Counter* missed = nullptr;
  prometheus::Gauge* interval = nullptr;
  prometheus::Gauge* last_evaluation = nullptr;
  prometheus::Gauge* last_duration = nullptr;
  prometheus::Gauge* last_rule_durations = nullptr;
  prometheus::Gauge* last_samples = nullptr;
  prometheus::Gauge* rules = nullptr;
};

}  // namespace

struct Metrics::Families {
  explicit Families(prometheus::Registry& registry)
      : evaluations(Counter(registry, "prometheus_rule_evaluations_total", "Rule evaluations.")),
        failures(Counter(registry, "prometheus_rule_evaluation_failures_total", "Rule evaluations that failed.")),
        iterations(Counter(registry, "prometheus_rule_group_iterations_total",
                           "Scheduled evaluations of the group, missed ones included.")),
        missed(Counter(registry, "prometheus_rule_group_iterations_missed_total",
                       "Evaluations of the group skipped because the one before took too long.")),
        interval(Gauge(registry, "prometheus_rule_group_interval_seconds", "The group's interval.")),
        last_evaluation(Gauge(registry, "prometheus_rule_group_last_evaluation_timestamp_seconds",
                              "When the group was last evaluated.")),
        last_duration(Gauge(registry, "prometheus_rule_group_last_duration_seconds",
                            "How long the group's last evaluation took.")),
        last_rule_durations(Gauge(registry, "prometheus_rule_group_last_rule_duration_sum_seconds",
                                  "Sum of the durations of the rules in the group's last evaluation.")),
        last_samples(Gauge(registry, "prometheus_rule_group_last_evaluation_samples",
                           "Samples the group's last evaluation stored.")),
        rules(Gauge(registry, "prometheus_rule_group_rules", "Rules of the group.")),
        rule_duration(
            Summary(registry, "prometheus_rule_evaluation_duration_seconds", "Duration of rule evaluations.")),
        group_duration(Summary(registry, "prometheus_rule_group_duration_seconds", "Duration of group evaluations.")) {}

  prometheus::Family<prometheus::Counter>& evaluations;
  prometheus::Family<prometheus::Counter>& failures;
  prometheus::Family<prometheus::Counter>& iterations;
  prometheus::Family<prometheus::Counter>& missed;
  prometheus::Family<prometheus::Gauge>& interval;
  prometheus::Family<prometheus::Gauge>& last_evaluation;
  prometheus::Family<prometheus::Gauge>& last_duration;
  prometheus::Family<prometheus::Gauge>& last_rule_durations;
  prometheus::Family<prometheus::Gauge>& last_samples;
  prometheus::Family<prometheus::Gauge>& rules;
  prometheus::Summary& rule_duration;
  prometheus::Summary& group_duration;

  std::mutex mutex;
  std::map<std::string, GroupMetrics> groups;  // guarded by mutex
};

Metrics::Metrics(prometheus::Registry& registry) : families_(std::make_unique<Families>(registry)) {}
Metrics::~Metrics() = default;

void Metrics::AddGroup(const std::string& key, base::Duration interval, size_t rules) {
  const std::scoped_lock lock(families_->mutex);
  GroupMetrics& group = families_->groups[key];
  const prometheus::Labels labels = {{"rule_group", key}};
  group.evaluations = &families_->evaluations.Add(labels);
  group.failures = &families_->failures.Add(labels);
  group.iterations = &families_->iterations.Add(labels);
  group.missed = &families_->missed.Add(labels);
  group.interval = &families_->interval.Add(labels);
  group.last_evaluation = &families_->last_evaluation.Add(labels);
  group.last_duration = &families_->last_duration.Add(labels);
  group.last_rule_durations = &families_->last_rule_durations.Add(labels);
  group.last_samples = &families_->last_samples.Add(labels);
  group.rules = &families_->rules.Add(labels);
  group.interval->Set(base::ToSeconds(interval));
  group.rules->Set(static_cast<double>(rules));
}

void Metrics::RemoveGroup(const std::string& key) {
  const std::scoped_lock lock(families_->mutex);
  const auto at = families_->groups.find(key);
  if (at == families_->groups.end()) return;
  const GroupMetrics& group = at->second;
  families_->evaluations.Remove(group.evaluations);
  families_->failures.Remove(group.failures);
  families_->iterations.Remove(group.iterations);
  families_->missed.Remove(group.missed);
  families_->interval.Remove(group.interval);
  families_->last_evaluation.Remove(group.last_evaluation);
  families_->last_duration.Remove(group.last_duration);
  families_->last_rule_durations.Remove(group.last_rule_durations);
  families_->last_samples.Remove(group.last_samples);
  families_->rules.Remove(group.rules);
  families_->groups.erase(at);
}

void Metrics::Record(const std::string& key, base::Timestamp at, const GroupOutcome& outcome, int64_t missed) {
  const std::scoped_lock lock(families_->mutex);
  const auto known = families_->groups.find(key);
  if (known == families_->groups.end()) return;
  GroupMetrics& group = known->second;
  size_t samples = 0;
  std::chrono::nanoseconds rule_durations{0};
  for (const RuleOutcome& rule : outcome.rules) {
    group.evaluations->Increment();
    if (rule.error && !rule.evaluated) group.failures->Increment();
    samples += rule.samples;
    rule_durations += rule.duration;
    families_->rule_duration.Observe(Seconds(rule.duration));
  }
  families_->group_duration.Observe(Seconds(outcome.duration));
  group.iterations->Increment(static_cast<double>(1 + missed));
  group.missed->Increment(static_cast<double>(missed));
  group.last_evaluation->Set(base::ToSeconds(at));
  group.last_duration->Set(Seconds(outcome.duration));
  group.last_rule_durations->Set(Seconds(rule_durations));
  group.last_samples->Set(static_cast<double>(samples));
}

}  // namespace rules
