#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/appender.h"
#include "store/index.h"
#include "store/label_order.h"
#include "store/locks.h"
#include "store/querier.h"
#include "store/sample_log.h"
#include "store/select_cache.h"
#include "store/series_table.h"

namespace store {

class Exemplars;

struct HeadOptions {
  base::Duration retention = std::chrono::days(15);  // by Maintain's `now`; 0 = none
  size_t retention_bytes = 0;                        // of HeadStats::bytes; 0 = none
  size_t max_series = 0;                             // 0 = none
  // How much older than its series' newest sample one may be. 0: any older one is out_of_order. Else those outside are
  // too_old, as in Prometheus (which measures from the newest sample of all series; one bad clock would move that).
  base::Duration out_of_order_window{0};
  // Samples kept decoded besides, of the series that are read over and over again (rules do). 0 = none.
  size_t decoded_bytes = size_t{32} << 20;
  // Where exemplars go; null: none are kept. Outlives the head.
  Exemplars* exemplars = nullptr;
};

struct HeadStats {
  size_t series = 0;
  size_t label_names = 0;
  size_t label_pairs = 0;
  size_t chunks = 0;               // open ones included
  size_t bytes = 0;                // chunks, labels and bookkeeping, estimated; without the index' texts
  size_t decoded_bytes = 0;        // beside `bytes`; as of the last Maintain
  std::optional<TimeRange> times;  // oldest and newest sample; the oldest as of the last Maintain
  // Since the start:
  uint64_t samples_appended = 0;     // stored, out-of-order ones and histograms included
  uint64_t histograms_appended = 0;  // of these
  uint64_t out_of_order_appended = 0;
  uint64_t series_created = 0;
  uint64_t series_removed = 0;
  // Refused, by AppendStatus.
  uint64_t out_of_order = 0;
  uint64_t too_old = 0;
  uint64_t duplicates = 0;
  uint64_t over_series_limit = 0;
  uint64_t invalid_labels = 0;
};

// The four tables of Prometheus' /status/tsdb, most first, ties by name.
struct CardinalityTables {
  using Table = std::vector<std::pair<std::string, uint64_t>>;
  Table series_by_metric_name;
  Table values_by_label_name;
  Table bytes_by_label_name;  // of the label's values' texts
  Table series_by_label_pair;
};

// Samples in memory: the store of one process. Thread-safe; starts no thread. Each appender's batch becomes visible at
// its Commit, series by series; a query that runs at that moment may see a part. Also refused as invalid_labels: a
// label value that is not valid UTF-8.
class Head final : public Appendable, public Querier {
 public:
  explicit Head(HeadOptions options = {});
  ~Head() override;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  std::unique_ptr<Appender> NewAppender() override;

  // What an earlier process kept, before anything else happens to the head. Chunks of a series in any order, they may
  // overlap and repeat what is there; nothing of them is told to the log. They are not visible before EndRestore.
  SeriesRef RestoreSeries(const base::Labels& labels);  // none if the head is full or the labels are not valid
  void RestoreChunk(SeriesRef series, ChunkPtr chunk);
  void RestoreSample(SeriesRef series, const Sample& sample);
  // After RestoreChunk, before RestoreSample of the same series.
  void EndRestore();
  // Told of every batch that is committed from here on; may be null. It, and one set before, outlives all appenders.
  void SetLog(SampleLog* log) { log_ = log; }

  base::Result<std::vector<std::shared_ptr<const Series>>> Select(std::span<const base::Matcher> matchers,
                                                                  TimeRange range) const override;
  base::Result<std::shared_ptr<const Selection>> SelectShared(std::span<const base::Matcher> matchers,
                                                              TimeRange range) const override;
  base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher> matchers,
                                                    TimeRange range) const override;
  base::Result<std::vector<std::string>> LabelValues(const std::string& name, std::span<const base::Matcher> matchers,
                                                     TimeRange range) const override;

  // Drops chunks that are wholly outside retention, then series without samples; from then on samples before what is
  // kept are too_old. Where wide selections were asked for, learns the order of new series, which makes them quick, and
  // which series are worth keeping decoded. Call it every ten seconds or so, from one thread at a time; it stops nobody
  // for long.
  void Maintain(base::Timestamp now);

  HeadStats Stats() const;
  CardinalityTables Cardinality(size_t limit) const;

 private:
  friend class HeadAppender;
  // Series as long as `epoch` lives.
  struct Everything {
    std::shared_ptr<const Epoch> epoch;
    std::vector<MemSeries*> series;
  };
  // What a walk over all series left.
  struct Left {
    int64_t oldest;  // sample, in milliseconds
    std::vector<MemSeries*> empty;
  };
  struct Counters {
    std::atomic<uint64_t> samples, histograms, out_of_order_stored, created, removed;
    std::atomic<uint64_t> refused[static_cast<size_t>(AppendStatus::invalid_labels) + 1];
    std::atomic<int64_t> chunks, bytes;
    std::atomic<size_t> decoded_bytes;
    std::atomic<int64_t> min_time, max_time;  // milliseconds
  };
  struct Found {
    MemSeries* series = nullptr;
    bool created = false;
    AppendStatus status = AppendStatus::ok;
  };

  AppendLimits Limits() const;
  std::shared_ptr<Epoch> CurrentEpoch() const;
  // The pointer lives as long as an epoch taken before.
  Found FindOrCreate(const base::Labels& labels);
  MemSeries* Find(SeriesRef ref, const base::Labels& labels) const;  // null if there is none; lives as the above
  void Forget(std::span<MemSeries* const> series);                   // those that are empty
  Everything All() const;
  base::Timestamp CutForBytes(std::span<MemSeries* const> series) const;
  Left DropBefore(base::Timestamp floor, std::span<MemSeries* const> series);
  void ChooseDecoded(std::span<MemSeries* const> series);
  void Count(Footprint change);
  void CountTimes(TimeRange times);
  SelectCache::List Matching(std::span<const base::Matcher> matchers) const;
  std::vector<std::shared_ptr<const Series>> Matching(std::span<const base::Matcher> matchers, TimeRange range) const;
  bool AnyOverlaps(const Value& value, TimeRange range) const;

  const HeadOptions options_;
  std::atomic<SampleLog*> log_ = nullptr;
  std::atomic<base::Timestamp> floor_;
  mutable Counters counters_{};
  std::atomic<uint32_t> last_batch_ = 0;
  LabelOrder order_;
  mutable SelectCache selections_;
  mutable FairSharedMutex mutex_;
  SeriesTable table_;  // from here on guarded by mutex_, but for finding a series by reference
  Index index_;
  std::shared_ptr<Epoch> epoch_ = std::make_shared<Epoch>();
};

}  // namespace store
