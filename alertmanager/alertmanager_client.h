#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "alertmanager/alert_queue.h"
#include "alertmanager/alerting.h"
#include "alertmanager/metrics.h"
#include "base/alert.h"
#include "base/clock.h"
#include "base/net/http_client.h"

namespace alertmanager {

// Sends alerts to real Alertmanagers (POST /api/v2/alerts), each peer getting all of them through a bounded queue and a
// thread of its own, so that a dead one holds up nobody. Batches of 256; a batch that was not taken is sent again with
// exponential backoff, honouring Retry-After; one refused for good (4xx) is dropped and counted. A full queue loses its
// oldest alerts, counted. Thread-safe. Clock, client and metrics are borrowed.
class AlertmanagerClient : public base::AlertSink {
 public:
  struct Options {
    const base::Clock& clock;
    base::HttpClient& client;
    Metrics& metrics;
    size_t queued_alerts = 10'000;  // per peer
    size_t others = 0;              // alertmanagers reached in other ways, for the metric that counts them
    base::Duration first_pause = std::chrono::seconds(1);
    base::Duration longest_pause = std::chrono::minutes(1);
  };

  AlertmanagerClient(const AlertingConfig& config, Options options);
  ~AlertmanagerClient() override;  // Stop(0)

  void Send(std::span<const base::Alert> alerts) override;
  // Waits up to `limit` until every queue is empty, then ends the threads. True if all was sent.
  bool Stop(base::Duration limit);
  // At a reload: the alerts that `old`, which must have been stopped, did not send to the peers that both have.
  void TakeOver(AlertmanagerClient& old);

 private:
  struct Peer {
    AlertmanagerPeer config;
    std::string name;  // the URL as metrics and logs show it
    AlertQueue queue;  // guarded by mutex_, as the next
    bool busy = false;
    std::jthread thread;
  };
  void Run(Peer& peer, std::stop_token stop);
  // One batch; how long to wait before the next try, 0 after a success.
  base::Duration SendBatch(Peer& peer, std::vector<base::Alert> batch, int failures, std::stop_token stop);

  const Options options_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace alertmanager
