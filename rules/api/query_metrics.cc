#include "rules/api/query_metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

namespace rules {
namespace {

prometheus::Gauge& NewGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

struct QueryMetrics::Families {
  explicit Families(prometheus::Registry& registry)
      : running(NewGauge(registry, "prometheus_engine_queries", "Queries that are being evaluated or wait.")),
        at_once(NewGauge(registry, "prometheus_engine_queries_concurrent_max", "Queries evaluated at once, at most.")),
        duration(prometheus::BuildSummary()
                     .Name("prometheus_engine_query_duration_seconds")
                     .Help("How long queries took.")
                     .Register(registry)
                     .Add({{"slice", "inner_eval"}},
                          prometheus::Summary::Quantiles{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}})) {}

  prometheus::Gauge& running;
  prometheus::Gauge& at_once;
  prometheus::Summary& duration;
};

QueryMetrics::QueryMetrics(prometheus::Registry& registry, size_t at_once)
    : families_(std::make_unique<Families>(registry)) {
  families_->at_once.Set(static_cast<double>(at_once));
}
QueryMetrics::~QueryMetrics() = default;

QueryMetrics::Running::Running(QueryMetrics* metrics) : metrics_(metrics) {
  if (metrics_ != nullptr) metrics_->families_->running.Increment();
}

QueryMetrics::Running::~Running() {
  if (metrics_ == nullptr) return;
  metrics_->families_->running.Decrement();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
  metrics_->families_->duration.Observe(took.count());
}

}  // namespace rules
