#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/labels.h"
#include "store/appender.h"
#include "store/chunk.h"
#include "store/decoded_tail.h"
#include "store/locks.h"
#include "store/querier.h"
#include "store/shared_labels.h"

namespace store {

// What an append may do: nothing before `floor`, nothing older than the series' newest sample less `window`.
struct AppendLimits {
  base::Timestamp floor = base::Timestamp::min();
  base::Duration window{0};

  // Of a sample against a newer one.
  AppendStatus JudgeLate(base::Timestamp time, base::Timestamp newest) const;
};

// What appending, packing and dropping changed; summed by the caller into the head's figures.
struct Footprint {
  int64_t chunks = 0;
  int64_t bytes = 0;
};

// One series in memory. Thread-safe; its lock is held for a lookup, an append, or copying chunk pointers and the bytes
// of the open run, never for decoding on behalf of a reader. Chunks already handed out stay valid whatever happens.
class MemSeries final : public Series {
 public:
  MemSeries(SeriesRef ref, SharedLabels labels) : labels_(std::move(labels)), ref_(ref) {}

  SeriesRef ref() const { return ref_; }
  const SharedLabels& shared_labels() const { return labels_; }
  base::Labels labels() const override { return labels_.ToLabels(); }
  std::string_view Label(std::string_view name) const override { return labels_.Get(name); }
  void Read(TimeRange range, Samples& out) const override;
  void ReadLast(TimeRange range, Samples& out) const override;
  bool ReadEdges(TimeRange range, bool falls, Samples& room, Edges& edges) const override;
  void PrefetchRead(int step) const override;
  bool Overlaps(TimeRange range) const;

  // Of one batch: the number of its newest sample of this series, so that the next is judged against it too. Another
  // batch may take the place; then only Append notices.
  struct Mark {
    uint32_t batch = 0;
    uint32_t number = 0;
  };
  // What Append would answer now. If that is ok and the mark found is of the same batch, what `earlier(number)` answers
  // counts as well. An accepted sample leaves its mark.
  template <class Earlier>
  AppendStatus Check(const Sample& sample, const AppendLimits& limits, Mark mark, Earlier earlier) {
    const std::scoped_lock lock(mutex_);
    AppendStatus status = Judge(sample, limits);
    if (status == AppendStatus::ok && mark_.batch == mark.batch) status = earlier(mark_.number);
    if (status == AppendStatus::ok) mark_ = mark;
    floats_.PrefetchEnd();  // the batch's Commit will write there
    return status;
  }

  enum class Stored : uint8_t { in_order, out_of_order, unchanged, refused, dropped };
  struct Outcome {
    Stored stored = Stored::in_order;
    AppendStatus status = AppendStatus::ok;  // why refused
  };
  Outcome Append(base::Timestamp time, double value, const AppendLimits& limits, Footprint& change);
  Outcome Append(const Sample& sample, const AppendLimits& limits, Footprint& change);

  // Adds a closed chunk of an earlier process; EndRestore puts them in order and makes the newest the open run.
  void RestoreChunk(ChunkPtr chunk);
  void EndRestore(Footprint& change);

  // How it was read since the last call, and what it holds decoded for that.
  struct Usage {
    uint32_t reads = 0;         // that reached far enough back to be worth remembering; counted up to 255
    base::Duration span{0};     // how far before its newest sample they reached, rounded up
    base::Duration decoded{0};  // how far the decoded samples reach; 0: there are none
    size_t decoded_bytes = 0;
  };
  Usage TakeUsage();
  // Keeps the newest samples decoded, as far back as `span`, for Read. Returns their bytes; 0 where it makes no sense:
  // few samples, very many, or histograms.
  size_t Decode(base::Duration span);
  void ForgetDecoded();

  // Drops chunks that end before `floor`. The span of what is left.
  std::optional<TimeRange> DropBefore(base::Timestamp floor, Footprint& change);
  // If it is empty: no Append succeeds from here on, and it may be forgotten.
  bool DropIfEmpty();
  // Calls visit(newest time, bytes) for each chunk, the open one included.
  template <class Visit>
  void ForEachChunk(Visit visit) const {
    const std::scoped_lock lock(mutex_);
    if (history_) {
      for (const ChunkPtr& chunk : history_->chunks) visit(chunk->max_time(), chunk->Bytes());
    }
    if (HasOpen()) visit(LastTime(), OpenBytes());
  }
  // Asks the processor to fetch what an append will touch.
  [[gnu::always_inline]] void Prefetch() const {
    __builtin_prefetch(&ref_, 1);
    __builtin_prefetch(&history_, 1);
  }
  // Memory of an empty one: itself, its places in table and index, but no texts.
  int64_t BaseBytes() const;

 private:
  // What a series with few float samples does without.
  struct History {
    std::vector<ChunkPtr> chunks;    // closed, in time order, not overlapping
    std::vector<Sample> histograms;  // the open run, when that is of histograms
    std::unique_ptr<DecodedTail> decoded;
  };

  // All of these with mutex_ held.
  std::optional<TimeRange> Span() const;  // of the samples it has
  bool HasOpenHistograms() const { return history_ && !history_->histograms.empty(); }
  bool HasOpen() const { return !floats_.empty() || HasOpenHistograms(); }
  size_t OpenBytes() const;
  base::Timestamp LastTime() const;
  base::Timestamp OpenFirstTime() const;
  bool LastEquals(const Sample& sample) const;
  History& MutableHistory();
  DecodedTail* Decoded() const { return has_decoded_ ? history_->decoded.get() : nullptr; }
  void AppendDecoded(base::Timestamp time, double value);
  void CountRead(base::Timestamp from) const;
  void DropDecoded();
  std::vector<Sample> ReadOpen() const;
  std::optional<Sample> Find(base::Timestamp time) const;
  AppendStatus Judge(const Sample& sample, const AppendLimits& limits) const;
  void AppendInOrder(const Sample& sample, Footprint& change);
  void CloseOpen(Footprint& change);
  void Insert(const Sample& sample, Footprint& change);
  void InsertIntoOpen(const Sample& sample, Footprint& change);
  size_t ChunkFor(base::Timestamp time) const;

  [[no_unique_address]] const SharedLabels labels_;
  mutable SmallMutex mutex_;
  const SeriesRef ref_;
  bool dropped_ : 1 = false;        // from here on guarded by mutex_
  bool has_decoded_ : 1 = false;    // so that an append need not look into history_
  mutable uint8_t reads_ = 0;       // see Usage; in the room that alignment leaves
  mutable uint16_t read_span_ = 0;  // seconds
  Mark mark_;
  FloatRun floats_;  // the open run, when that is of floats
  std::unique_ptr<History> history_;
};

}  // namespace store
