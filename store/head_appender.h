#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "store/head.h"
#include "store/sample_log.h"

namespace store {

// A batch for a Head: samples are judged when they come, kept here, and stored at Commit, where they are judged again,
// because another batch may have been faster. What Commit refuses is counted, not reported.
class HeadAppender final : public Appender {
 public:
  explicit HeadAppender(Head& head);
  ~HeadAppender() override { Rollback(); }

  void Expect(size_t samples) override { entries_.reserve(samples); }
  Appended Append(SeriesRef ref, const base::Labels& labels, base::Timestamp time, double value) override;
  Appended AppendHistogram(SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                           HistogramPtr histogram) override;
  bool TakesExemplars() const override { return head_.options_.exemplars != nullptr; }
  ExemplarStatus AppendExemplar(SeriesRef ref, const base::Labels& labels, Exemplar exemplar) override;
  base::Result<void> Commit() override;
  void Rollback() override;

 private:
  using Entry = CommittedBatch::Entry;
  struct Tally {
    Footprint change;
    uint64_t stored = 0;
    uint64_t histograms = 0;
    uint64_t out_of_order = 0;
    TimeRange times{base::Timestamp::max(), base::Timestamp::min()};
  };

  Appended Add(SeriesRef ref, const base::Labels& labels, const Sample& sample);
  Appended Refuse(SeriesRef ref, AppendStatus status);
  AppendStatus JudgeByEarlier(const MemSeries* series, uint32_t number, const Sample& sample,
                              const AppendLimits& limits) const;
  Sample SampleOf(const Entry& entry) const;
  MemSeries::Outcome Store(Entry& entry, const AppendLimits& limits, Tally& tally);
  std::vector<CommittedBatch::WithExemplar> StoreExemplars();
  void Begin();

  Head& head_;
  std::shared_ptr<Epoch> epoch_;  // keeps the series of entries_ alive
  uint32_t batch_ = 0;
  std::vector<Entry> entries_;
  std::vector<HistogramPtr> histograms_;
  std::vector<MemSeries*> created_;
  struct Shown {
    const MemSeries* series;
    uint32_t entry;  // a sample of the series that came just before, or kNoEntry
    Exemplar exemplar;
  };
  std::vector<Shown> exemplars_;
};

}  // namespace store
