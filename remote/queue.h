#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "remote/config.h"
#include "remote/metrics.h"
#include "remote/positions.h"
#include "remote/recent_map.h"
#include "remote/sender.h"
#include "remote/series_labels.h"
#include "store/head.h"

namespace remote {

using MetadataSource = std::function<std::vector<MetricMetadata>()>;

// What one receiver still is to get, and the thread that sends it. Thread-safe. What it is given outlives it.
class Queue {
 public:
  struct Parts {
    const base::Clock& clock;
    base::HttpClient& client;
    Metrics& metrics;
    MetadataSource metadata;            // asked on the queue's thread
    const store::Head* head = nullptr;  // where samples are read again; null: nowhere
    Positions* positions = nullptr;     // null: none are kept
  };
  Queue(WriteConfig config, base::Labels external_labels, Parts parts);
  ~Queue();  // what was not sent is dropped and counted

  bool Is(const WriteConfig& config, const base::Labels& external_labels) const {
    return config == config_ && external_labels == external_labels_;
  }
  const WriteConfig& config() const { return config_; }

  // Never waits for a receiver.
  void Push(const BatchPtr& batch, const BatchSummary& summary);

  // What a queue leaves to its successor.
  struct Estate {
    std::vector<Slice> slices;
    std::optional<Mailbox::Behind> behind;
    std::optional<base::Timestamp> caught_up;
    RecentMap<base::Timestamp> sent;
  };
  // Before Start, at most one of these: what an earlier queue to the same receiver left; or how far one had come that
  // an earlier process had, from where the store is read.
  void Inherit(Estate estate);
  void ResumeFrom(base::Timestamp position);
  void Start();

  // Sends what waits without waiting for more, and ends.
  void Flush();
  // Flushes, for at most `limit`; what is left then is dropped and counted. True if nothing was.
  bool Stop(base::Duration limit);
  // Begins nothing more, waits up to `limit` for what is under way and gives the rest back.
  Estate HandOver(base::Duration limit);

 private:
  // Samples on their way, and what keeps their series.
  struct Round {
    std::vector<Slice> slices;  // none: the outbox is empty, and the store is to be read
    size_t lanes = 1;
  };
  void Run(const std::stop_token& stop);
  std::optional<Round> NextRound(const std::stop_token& stop);
  base::Duration TimeToNext(const Outbox& outbox, base::Timestamp now) const;
  std::vector<Outgoing> Prepare(const Round& round);
  void Send(Sender::Round round, std::shared_ptr<const void> keeps_series);
  void KeepUnsent(const std::vector<Outgoing>& unsent, bool again, std::shared_ptr<const void> keeps_series);
  SampleCount PutBack(std::vector<Slice> slices);  // with the mailbox locked; what was dropped
  void LeaveToStore();                             // with the mailbox locked

  // queue_backlog.cc: what is read from the store.
  bool CanCatchUp() const { return parts_.head != nullptr && config_.queue.catch_up > base::Duration(0); }
  void CatchUp();
  std::vector<Outgoing> ReadStored(store::TimeRange range,
                                   std::vector<std::shared_ptr<const store::Series>>& keeps_series);
  bool WasSent(const store::MemSeries& series, base::Timestamp time);
  void NoteSent(std::span<const Outgoing> samples);
  void SavePosition(bool now);

  void RefreshMetadata(const std::stop_token& stop);
  bool SendMetadata(std::span<const MetricMetadata> metadata, const std::stop_token& stop);
  // Asks the source again for a metric that is not known, see Miss.
  const MetricMetadata* MetadataFor(std::string_view metric);
  const MetricMetadata* MetadataOf(std::string_view metric) const;
  bool End(Phase phase, base::Duration limit);
  std::vector<Slice> TakeAll();

  const WriteConfig config_;
  const base::Labels external_labels_;
  const Parts parts_;
  const std::shared_ptr<QueueMetrics> metrics_;
  const std::shared_ptr<Mailbox> mailbox_;
  // The thread's own:
  SeriesLabels labels_;
  Sender sender_;
  base::Timestamp metadata_due_;
  std::unordered_map<std::string, MetricMetadata> metadata_;  // for version 2
  // A metric without metadata, for version 2. The source is asked when the first series of it goes out, as a scrape has
  // just brought both, and after pauses that double, for what is learnt later. Rules' series never have any.
  struct Miss {
    base::Timestamp due;
    base::Duration pause;
  };
  std::unordered_map<std::string, Miss> misses_;
  bool asked_again_ = false;  // in this round; one answer serves all of its metrics
  LogLimit metadata_failures_;
  RecentMap<base::Timestamp> sent_;           // the newest sample of each series; kept where the store may be read
  base::Duration step_;                       // of reading the store
  std::optional<base::Timestamp> caught_up_;  // a bit after the store was last read to its end
  std::optional<base::Timestamp> highest_;    // of all that was sent
  std::optional<base::Timestamp> saved_;      // position
  base::Timestamp saved_at_;
  LogLimit falls_behind_;

  std::jthread thread_;
};

}  // namespace remote
