#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "alertmanager/pipeline.h"
#include "base/time.h"

namespace prometheus {
class Registry;
}

namespace alertmanager {

// The alertmanager's own metrics, named as Alertmanager names them, in a registry of prometheus-cpp which must outlive
// this. Thread-safe.
class Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void Received(uint64_t firing, uint64_t resolved);  // alertmanager_alerts_received_total{status,version}
  void Invalid(uint64_t alerts);                      // alertmanager_alerts_invalid_total
  // One try: notification_requests_total, notification_requests_failed_total, notification_latency_seconds.
  void Tried(std::string_view integration, base::Duration latency, bool delivered);
  // The same by receiver: tocsin_notification_attempts_total{receiver,integration,outcome}.
  void TriedReceiver(const IntegrationId& id, bool delivered);
  // The end of a notification; `failure` is "" when delivered: notifications_total, notifications_failed_total.
  void Notified(std::string_view integration, std::string_view failure);
  void Suppressed(uint64_t total);               // notifications_suppressed_total{reason="inhibition"}
  void SetCounts(const PipelineCounts& counts);  // alerts{state}, dispatcher_aggregation_groups
  void SetConfig(const Config& config);          // receivers, integrations, inhibition_rules
  // Of AlertmanagerClient, as Prometheus' notifier: prometheus_notifications_{sent,errors,dropped}_total, queue_length,
  // queue_capacity, latency_seconds and alertmanagers_discovered.
  void ClientSent(std::string_view peer, uint64_t alerts);
  void ClientFailed(std::string_view peer, uint64_t alerts);
  void ClientDropped(uint64_t alerts);
  void SetClientQueue(std::string_view peer, uint64_t alerts);
  // How long an Alertmanager took to answer.
  void ClientAnswered(std::string_view peer, base::Duration latency);
  // How many Alertmanagers there are, and how many alerts may wait for each.
  void SetClients(size_t peers, size_t capacity);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace alertmanager
