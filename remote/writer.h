#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "remote/config.h"
#include "remote/metrics.h"
#include "remote/positions.h"
#include "remote/queue.h"
#include "store/sample_log.h"

namespace prometheus {
class Registry;
}

namespace remote {

// Sends what a head stores to the receivers of `remote_write:`, each by a queue of its own. It is told of what was
// committed, as a head's SampleLog, so nothing leaves that was refused, and everything leaves however it was appended.
// Appending never waits for a receiver. Thread-safe. What it is given outlives it.
class Writer final : public store::SampleLog {
 public:
  struct Options {
    const base::Clock& clock;
    base::HttpClient& client;
    prometheus::Registry& registry;
    store::SampleLog* next = nullptr;   // told first of each batch; may be null
    const store::Head* head = nullptr;  // where samples are read again that did not fit a queue; null: they are dropped
    Positions* positions = nullptr;     // null: a restart begins with what comes
    Positions::Times kept = {};         // of an earlier process
  };
  explicit Writer(Options options);
  ~Writer() override;

  // What metadata is sent; empty for none. Once this returns the one before is no longer asked.
  void SetMetadata(MetadataSource source);

  // From now on these are the receivers. Queues whose settings stay go on as they are. One whose settings change, but
  // not its name or its URL, hands what it has not sent to its successor. What others still hold is sent for at most
  // `limit`.
  void Apply(std::span<const WriteConfig> configs, const base::Labels& external_labels, base::Duration limit);
  bool empty() const;  // there is no receiver

  void Append(BatchPtr batch) override;

  // Begins to send what waits without waiting for more.
  void Flush();
  // Flush, for at most `limit` altogether; the rest is dropped and counted.
  void Stop(base::Duration limit);

 private:
  void ForgetPositions(std::span<const std::string> names);
  std::shared_ptr<Queue> NewQueue(const WriteConfig& config, const base::Labels& external_labels);

  Options options_;
  std::unique_ptr<Metrics> metrics_;  // made with the first receiver
  std::mutex metadata_mutex_;
  MetadataSource metadata_;  // guarded by metadata_mutex_
  std::mutex applying_;      // one Apply or Stop at a time
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Queue>> queues_;  // guarded by mutex_
};

}  // namespace remote
