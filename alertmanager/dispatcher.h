#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "alertmanager/delivery_pool.h"
#include "alertmanager/pipeline.h"
#include "base/alert.h"

namespace alertmanager {

// One finished delivery, as the delivery log shows it.
struct DeliveryRecord {
  base::Timestamp time;        // its end
  base::Duration duration{0};  // from the group's tick to its end
  IntegrationId integration;
  std::string group_key;
  base::Labels group_labels;
  std::vector<std::string> alerts;  // names (alertname, else all labels), one for each alert, at most 20
  size_t firing = 0;
  size_t resolved = 0;
  NotifyReason reason = NotifyReason::first;
  int attempts = 0;
  bool delivered = false;
  std::string error;  // of the last try; "" when delivered
};

// The alertmanager: takes alerts, decides who hears about them and when, and tells them. Its thoughts are the
// Pipeline's (no threads), its hands the DeliveryPool's; this class adds the lock, the one dispatching thread and the
// delivery log. Thread-safe. Clock, client and metrics are borrowed and must outlive it.
class Dispatcher : public base::AlertSink {
 public:
  struct Options {
    const base::Clock& clock;
    base::HttpClient& client;
    Metrics& metrics;
    Pipeline::Options pipeline = {};
    DeliveryPool::Options pool = {};
    size_t remembered_deliveries = 1000;
    PipelineKeeper* keeper = nullptr;  // borrowed; may be null: then a restart tells everybody again
    PipelineState state = {};          // what an earlier process kept
  };

  Dispatcher(std::shared_ptr<const Config> config, Options options);
  ~Dispatcher() override;  // Stop(0)

  void Send(std::span<const base::Alert> alerts) override;
  void Post(std::span<const PostedAlert> alerts);

  // Starts the dispatching thread. Without it nothing is sent unless Step is called.
  void Start();
  // One turn of that thread: hands on what is due. For tests.
  void Step();
  // Hands on what is due, then waits up to `limit` for the deliveries under way. True if none was left. What was not
  // delivered stays in the kept state as attempted, so that the next process tries it again.
  bool Stop(base::Duration limit);

  // Whether the thread takes a turn within `limit`. False before Start and after Stop. From any thread.
  bool Answers(base::Duration limit);

  void Reload(std::shared_ptr<const Config> config);

  std::vector<AlertStatus> Alerts() const;
  std::vector<GroupStatus> Groups() const;
  std::vector<DeliveryRecord> Deliveries() const;  // newest last
  std::shared_ptr<const Config> config() const;
  Metrics& metrics() const { return options_.metrics; }
  const base::Clock& clock() const { return options_.clock; }

 private:
  void Run(std::stop_token stop);
  void OnEnded(const DeliveryEnd& end);
  // Puts by what is to be told until it is written down that it is attempted, or that has taken too long.
  void Hold(std::vector<Delivery> deliveries, PipelineChanges changes, base::Timestamp now);
  // Hands on what need not be held any longer.
  void Release(base::Timestamp now);

  struct Held {
    std::vector<Delivery> deliveries;
    base::Timestamp until;
    std::shared_ptr<const std::atomic<bool>> written;
  };

  Options options_;  // constant once constructed
  mutable std::mutex mutex_;
  std::shared_ptr<const Config> config_;  // guarded by mutex_, as all down to changed_
  std::vector<NamedIntegration> integrations_;
  std::unique_ptr<Pipeline> pipeline_;
  std::deque<DeliveryRecord> deliveries_;
  uint64_t turns_ = 0;     // of the thread
  bool dirty_ = false;     // something came in since the last turn
  bool stopping_ = false;  // Stop was called
  base::Timestamp next_counts_{};
  std::condition_variable_any changed_;
  std::unique_ptr<DeliveryPool> pool_;
  std::deque<Held> held_;  // of the one who calls Step
  std::jthread thread_;
};

}  // namespace alertmanager
