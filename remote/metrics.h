#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/time.h"
#include "remote/outbox.h"

namespace prometheus {
class Registry;
}

namespace remote {

// Why samples were not sent though nothing refused them. The first two are Prometheus' own.
enum class DropReason : uint8_t { too_old, dropped_series, queue_full, shutdown };

// What one queue counts, as prometheus_remote_storage_… with the labels remote_name and url. Thread-safe.
class QueueMetrics {
 public:
  struct Values;
  explicit QueueMetrics(std::unique_ptr<Values> values);
  ~QueueMetrics();

  void Limits(size_t capacity, size_t most_shards, size_t least_shards, size_t samples_per_send);
  void Shards(size_t now, size_t desired);
  void Waiting(SampleCount more);
  void NoLongerWaiting(SampleCount fewer);
  void Attempted(SampleCount count, bool again);
  void ExemplarsAttempted(size_t count, bool again);
  void ExemplarsRefused(size_t count);
  void Answered(std::chrono::nanoseconds after);
  void Sent(size_t bytes, base::Timestamp highest);
  void Refused(SampleCount count);
  void Dropped(SampleCount count, DropReason reason);
  void MetadataSent(size_t count, size_t bytes);
  void MetadataFailed(size_t count);

 private:
  const std::unique_ptr<Values> values_;
};

// The metrics of all queues, under the names that Prometheus gives them and dashboards read. Thread-safe. The registry
// must outlive it, and it the queues' metrics.
class Metrics {
 public:
  explicit Metrics(prometheus::Registry& registry);
  ~Metrics();

  // What was stored and is to leave.
  void Came(SampleCount count, size_t exemplars, base::Timestamp highest);
  // Of one name and URL there is one; its series go with the last who holds it.
  std::shared_ptr<QueueMetrics> For(const std::string& name, const std::string& url);

  struct Families;

 private:
  const std::unique_ptr<Families> families_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<QueueMetrics>> queues_;  // guarded by mutex_
};

}  // namespace remote
