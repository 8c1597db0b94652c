#include "rules/remote/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <string>

namespace rules {
namespace {

constexpr std::array<std::string_view, kAskOutcomes> kNames = {
    "success", "partial", "refused", "overloaded", "failed", "unreachable", "timeout", "unreadable", "cancelled"};

}  // namespace

std::string_view ToString(AskOutcome outcome) { return kNames.at(static_cast<size_t>(outcome)); }

DatasourceMetrics::DatasourceMetrics(prometheus::Registry* registry) {
  if (registry == nullptr) return;
  auto& requests = prometheus::BuildCounter()
                       .Name("tocsin_rules_datasource_requests_total")
                       .Help("Requests to the server that rules are evaluated against, by what became of them.")
                       .Register(*registry);
  for (size_t i = 0; i < kAskOutcomes; ++i) requests_[i] = &requests.Add({{"outcome", std::string(kNames[i])}});
  retries_ = &prometheus::BuildCounter()
                  .Name("tocsin_rules_datasource_retries_total")
                  .Help("Requests to the datasource that were repetitions of one that failed.")
                  .Register(*registry)
                  .Add({});
  duration_ = &prometheus::BuildSummary()
                   .Name("tocsin_rules_datasource_request_duration_seconds")
                   .Help("Duration of requests to the datasource.")
                   .Register(*registry)
                   .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}});
}

void DatasourceMetrics::Count(AskOutcome outcome, std::chrono::nanoseconds duration) {
  if (duration_ == nullptr) return;
  requests_.at(static_cast<size_t>(outcome))->Increment();
  duration_->Observe(std::chrono::duration<double>(duration).count());
}

void DatasourceMetrics::CountRetry() {
  if (retries_ != nullptr) retries_->Increment();
}

}  // namespace rules
