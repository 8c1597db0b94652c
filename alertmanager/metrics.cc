#include "alertmanager/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <string>

#include "alertmanager/notify/integration.h"

namespace alertmanager {
namespace {

using CounterFamily = prometheus::Family<prometheus::Counter>;
using GaugeFamily = prometheus::Family<prometheus::Gauge>;
using HistogramFamily = prometheus::Family<prometheus::Histogram>;

CounterFamily& Counters(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

GaugeFamily& Gauges(prometheus::Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

const prometheus::Histogram::BucketBoundaries& LatencyBuckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {1, 5, 10, 15, 20};
  return buckets;
}

std::map<std::string, std::string> ByIntegration(std::string_view integration) {
  return {{"integration", std::string(integration)}};
}

std::map<std::string, std::string> ByReceiver(const IntegrationId& id, bool delivered) {
  return {{"receiver", id.receiver},
          {"integration", id.kind + "/" + std::to_string(id.index)},
          {"outcome", delivered ? "delivered" : "failed"}};
}

std::map<std::string, std::string> ByPeer(std::string_view peer) { return {{"alertmanager", std::string(peer)}}; }

}  // namespace

struct Metrics::Families {
  explicit Families(prometheus::Registry& registry)
      : received(Counters(registry, "alertmanager_alerts_received_total", "Alerts received.")),
        invalid(Counters(registry, "alertmanager_alerts_invalid_total", "Alerts received that were not valid.")),
        requests(Counters(registry, "alertmanager_notification_requests_total", "Tries to deliver a notification.")),
        requests_failed(Counters(registry, "alertmanager_notification_requests_failed_total",
                                 "Tries to deliver a notification that failed.")),
        attempts(Counters(registry, "tocsin_notification_attempts_total",
                          "Tries to deliver a notification, by receiver, its integration, and how they ended.")),
        latency(prometheus::BuildHistogram()
                    .Name("alertmanager_notification_latency_seconds")
                    .Help("How long a try to deliver a notification took.")
                    .Register(registry)),
        notifications(Counters(registry, "alertmanager_notifications_total", "Notifications attempted.")),
        failed(Counters(registry, "alertmanager_notifications_failed_total",
                        "Notifications given up, to be sent anew at the next group interval.")),
        suppressed(Counters(registry, "alertmanager_notifications_suppressed_total",
                            "Alerts left out of notifications, by reason.")),
        alerts(Gauges(registry, "alertmanager_alerts", "Alerts known, by state.")),
        groups(Gauges(registry, "alertmanager_dispatcher_aggregation_groups", "Groups of alerts.")),
        receivers(Gauges(registry, "alertmanager_receivers", "Receivers configured.")),
        integrations(Gauges(registry, "alertmanager_integrations", "Integrations configured.")),
        inhibition_rules(Gauges(registry, "alertmanager_inhibition_rules", "Inhibition rules configured.")),
        client_sent(Counters(registry, "prometheus_notifications_sent_total", "Alerts sent to an Alertmanager.")),
        client_failed(Counters(registry, "prometheus_notifications_errors_total",
                               "Alerts in batches that an Alertmanager did not take; they are sent again.")),
        client_dropped(Counters(registry, "prometheus_notifications_dropped_total",
                                "Alerts dropped because the queue to an Alertmanager was full.")),
        client_queue(Gauges(registry, "prometheus_notifications_queue_length", "Alerts waiting for an Alertmanager.")),
        client_capacity(
            Gauges(registry, "prometheus_notifications_queue_capacity", "Alerts that may wait for each Alertmanager.")),
        clients(Gauges(registry, "prometheus_notifications_alertmanagers_discovered",
                       "Alertmanagers that alerts are posted to.")),
        client_latency(prometheus::BuildSummary()
                           .Name("prometheus_notifications_latency_seconds")
                           .Help("How long an Alertmanager took to answer.")
                           .Register(registry)) {}

  CounterFamily& received;
  CounterFamily& invalid;
  CounterFamily& requests;
  CounterFamily& requests_failed;
  CounterFamily& attempts;
  HistogramFamily& latency;
  CounterFamily& notifications;
  CounterFamily& failed;
  CounterFamily& suppressed;
  GaugeFamily& alerts;
  GaugeFamily& groups;
  GaugeFamily& receivers;
  GaugeFamily& integrations;
  GaugeFamily& inhibition_rules;
  CounterFamily& client_sent;
  CounterFamily& client_failed;
  CounterFamily& client_dropped;
  GaugeFamily& client_queue;
  GaugeFamily& client_capacity;
  GaugeFamily& clients;
  prometheus::Family<prometheus::Summary>& client_latency;
};

Metrics::Metrics(prometheus::Registry& registry) : families_(std::make_unique<Families>(registry)) {
  Received(0, 0);
  Invalid(0);
  SetCounts({});
  families_->suppressed.Add({{"reason", "inhibition"}});
  families_->client_dropped.Add({});
  // shown as zero from the start, so that a rate over the first failure sees it
  for (const std::string_view kind : IntegrationKinds()) {
    families_->notifications.Add(ByIntegration(kind));
    families_->requests.Add(ByIntegration(kind));
    families_->requests_failed.Add(ByIntegration(kind));
    for (const char* reason : {"clientError", "serverError", "authError", "rateLimited", "contextDeadlineExceeded",
                               "contextCanceled", "other"}) {
      families_->failed.Add({{"integration", std::string(kind)}, {"reason", reason}});
    }
  }
}

Metrics::~Metrics() = default;

void Metrics::Received(uint64_t firing, uint64_t resolved) {
  families_->received.Add({{"status", "firing"}, {"version", "v2"}}).Increment(static_cast<double>(firing));
  families_->received.Add({{"status", "resolved"}, {"version", "v2"}}).Increment(static_cast<double>(resolved));
}

void Metrics::Invalid(uint64_t alerts) {
  families_->invalid.Add({{"version", "v2"}}).Increment(static_cast<double>(alerts));
}

void Metrics::Tried(std::string_view integration, base::Duration latency, bool delivered) {
  families_->requests.Add(ByIntegration(integration)).Increment();
  if (!delivered) families_->requests_failed.Add(ByIntegration(integration)).Increment();
  families_->latency.Add(ByIntegration(integration), LatencyBuckets()).Observe(base::ToSeconds(latency));
}

void Metrics::TriedReceiver(const IntegrationId& id, bool delivered) {
  families_->attempts.Add(ByReceiver(id, delivered)).Increment();
}

void Metrics::Notified(std::string_view integration, std::string_view failure) {
  families_->notifications.Add(ByIntegration(integration)).Increment();
  if (failure.empty()) return;
  families_->failed.Add({{"integration", std::string(integration)}, {"reason", std::string(failure)}}).Increment();
}

void Metrics::Suppressed(uint64_t total) {
  auto& counter = families_->suppressed.Add({{"reason", "inhibition"}});
  counter.Increment(static_cast<double>(total) - counter.Value());
}

void Metrics::SetCounts(const PipelineCounts& counts) {
  families_->alerts.Add({{"state", "active"}}).Set(static_cast<double>(counts.active));
  families_->alerts.Add({{"state", "suppressed"}}).Set(static_cast<double>(counts.suppressed));
  families_->groups.Add({}).Set(static_cast<double>(counts.groups));
}

void Metrics::SetConfig(const Config& config) {
  families_->receivers.Add({}).Set(static_cast<double>(config.receivers.size()));
  const std::vector<NamedIntegration> integrations = MakeIntegrations(config);
  families_->integrations.Add({}).Set(static_cast<double>(integrations.size()));
  // shown as zero, as above
  for (const NamedIntegration& named : integrations) {
    for (const bool delivered : {false, true}) families_->attempts.Add(ByReceiver(named.id, delivered));
  }
  families_->inhibition_rules.Add({}).Set(static_cast<double>(config.inhibit_rules.size()));
}

void Metrics::ClientSent(std::string_view peer, uint64_t alerts) {
  families_->client_sent.Add(ByPeer(peer)).Increment(static_cast<double>(alerts));
}

void Metrics::ClientFailed(std::string_view peer, uint64_t alerts) {
  families_->client_failed.Add(ByPeer(peer)).Increment(static_cast<double>(alerts));
}

void Metrics::ClientDropped(uint64_t alerts) {
  families_->client_dropped.Add({}).Increment(static_cast<double>(alerts));
}

void Metrics::ClientAnswered(std::string_view peer, base::Duration latency) {
  const prometheus::Summary::Quantiles quantiles = {{0.5, 0.05}, {0.9, 0.01}, {0.99, 0.001}};
  families_->client_latency.Add(ByPeer(peer), quantiles).Observe(base::ToSeconds(latency));
}

void Metrics::SetClients(size_t peers, size_t capacity) {
  families_->clients.Add({}).Set(static_cast<double>(peers));
  families_->client_capacity.Add({}).Set(static_cast<double>(capacity));
}

void Metrics::SetClientQueue(std::string_view peer, uint64_t alerts) {
  families_->client_queue.Add(ByPeer(peer)).Set(static_cast<double>(alerts));
}

}  // namespace alertmanager
