#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "remote/config.h"
#include "remote/metrics.h"
#include "remote/sender.h"
#include "remote/series_labels.h"

namespace remote {

using MetadataSource = std::function<std::vector<MetricMetadata>()>;

// What one receiver still is to get, and the thread that sends it. Thread-safe. What it is given outlives it.
class Queue {
 public:
  struct Parts {
    const base::Clock& clock;
    base::HttpClient& client;
    Metrics& metrics;
    MetadataSource metadata;  // asked on the queue's thread
  };
  Queue(WriteConfig config, base::Labels external_labels, Parts parts);
  ~Queue();  // what was not sent is dropped and counted

  bool Is(const WriteConfig& config, const base::Labels& external_labels) const {
    return config == config_ && external_labels == external_labels_;
  }
  const WriteConfig& config() const { return config_; }

  // Never waits for a receiver. `count` is that of the batch.
  void Push(const BatchPtr& batch, SampleCount count);

  // What an earlier queue to the same receiver had not sent; before Start.
  void Inherit(std::vector<Slice> slices);
  void Start();

  // Sends what waits without waiting for more, and ends.
  void Flush();
  // Flushes, for at most `limit`; what is left then is dropped and counted. True if nothing was.
  bool Stop(base::Duration limit);
  // Begins nothing more, waits up to `limit` for what is under way and gives the rest back.
  std::vector<Slice> HandOver(base::Duration limit);

 private:
  struct Round {
    std::vector<Slice> slices;  // keep the series
    size_t lanes = 1;
  };
  void Run(const std::stop_token& stop);
  std::optional<Round> NextRound(const std::stop_token& stop);
  base::Duration TimeToNext(const Outbox& outbox, base::Timestamp now) const;
  std::vector<Outgoing> Prepare(const Round& round);
  void KeepUnsent(const std::vector<Outgoing>& unsent, std::vector<Slice> slices);
  void RefreshMetadata(const std::stop_token& stop);
  bool SendMetadata(std::span<const MetricMetadata> metadata, const std::stop_token& stop);
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
  LogLimit metadata_failures_;

  std::jthread thread_;
};

}  // namespace remote
