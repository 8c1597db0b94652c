#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/result.h"
#include "base/time.h"
#include "store/edges.h"
#include "store/sample.h"

namespace store {

struct TimeRange {  // both ends included
  base::Timestamp min;
  base::Timestamp max;
};

// One series as a query sees it. Thread-safe; stays readable as long as it is held, whatever retention does.
class Series {
 public:
  virtual ~Series() = default;
  virtual base::Labels labels() const = 0;
  // One label's value, "" if absent, as long as the series lives: much cheaper than labels() on a local series.
  virtual std::string_view Label(std::string_view name) const = 0;
  // Appends the samples within `range` to `out`, oldest first, staleness markers included.
  virtual void Read(TimeRange range, Samples& out) const = 0;
  // Appends only the last of them, if there is one: what an instant asks for. Much cheaper than Read on a local series.
  virtual void ReadLast(TimeRange range, Samples& out) const;
  // What the samples within `range` come to, those of Read; `falls` says whether what lies between the ends counts too.
  // Cheaper where the series knows it without looking at each sample; else `room` is used to read them. False where
  // there are histograms or start times.
  virtual bool ReadEdges(TimeRange range, bool falls, Samples& room, Edges& edges) const;
  // Asks the processor to fetch what a read will look at beyond the object itself: what that refers to at step 0, what
  // this refers to at step 1, each where the one before has had time to arrive.
  virtual void PrefetchRead(int step) const;
};

inline void Series::ReadLast(TimeRange range, Samples& out) const {
  Samples all;
  Read(range, all);
  if (all.empty()) return;
  const HistogramPtr histogram = all.histograms.empty() ? nullptr : all.histograms.back();
  if (histogram || !out.histograms.empty()) {
    out.histograms.resize(out.size());
    out.histograms.push_back(histogram);
  }
  if (!all.start_times.empty()) {
    out.start_times.resize(out.size());
    out.start_times.push_back(all.start_times.back());
  }
  out.times.push_back(all.times.back());
  out.values.push_back(all.values.back());
}

inline void Series::PrefetchRead(int) const {}

inline bool Series::ReadEdges(TimeRange range, bool falls, Samples& room, Edges& edges) const {
  room.Clear();
  Read(range, room);
  if (!room.histograms.empty() || !room.start_times.empty()) return false;
  DropStale(room);
  edges = EdgesOf(room.times, room.values, falls);
  return true;
}

// What a selection found, sorted by labels.
struct Selection {
  explicit Selection(std::vector<std::shared_ptr<const Series>> found) : series(std::move(found)) {}
  const std::vector<std::shared_ptr<const Series>> series;

  // Asks the processor to fetch the series that will be looked at after the one of this number. Inlined at once,
  // because GCC 12 takes a function that only fetches for one without effect and drops the calls.
  [[gnu::always_inline]] void PrefetchAfter(size_t number) const {
    constexpr size_t kAhead = 9;
    if (number + kAhead >= series.size()) return;
    const auto* at = reinterpret_cast<const char*>(series[number + kAhead].get());
    for (const int line : {0, 64, 128}) __builtin_prefetch(at + line);
  }
  // The same, and what a read of them will look at.
  [[gnu::always_inline]] void PrefetchReadsAfter(size_t number) const {
    constexpr size_t kFirstStep = 5, kSecondStep = 2;
    PrefetchAfter(number);
    if (number + kFirstStep < series.size()) series[number + kFirstStep]->PrefetchRead(0);
    if (number + kSecondStep < series.size()) series[number + kSecondStep]->PrefetchRead(1);
  }

  // Where a reader keeps what follows from the labels of the series, as long as the selection is. Made at the first
  // call; there is one reader to a process, so all ask for the same type. Thread-safe, as T must be.
  template <class T>
  T& Memo() const {
    const std::scoped_lock lock(mutex_);
    if (!memo_) memo_ = std::make_shared<T>();
    return *static_cast<T*>(memo_.get());
  }

 private:
  mutable std::mutex mutex_;
  mutable std::shared_ptr<void> memo_;  // guarded by mutex_
};

// Answers from what was committed before the call. Thread-safe. A local one does not fail; a remote one may
// (unavailable, timeout).
class Querier {
 public:
  virtual ~Querier() = default;
  // Series for which every matcher holds and that may have samples in `range`, sorted by labels.
  virtual base::Result<std::vector<std::shared_ptr<const Series>>> Select(std::span<const base::Matcher> matchers,
                                                                          TimeRange range) const = 0;
  // The same, with series that have no samples in `range` perhaps. A querier that remembers selections answers with the
  // same object until series that match come or go.
  virtual base::Result<std::shared_ptr<const Selection>> SelectShared(std::span<const base::Matcher> matchers,
                                                                      TimeRange range) const {
    TRY(auto found, Select(matchers, range));
    return std::make_shared<const Selection>(std::move(found));
  }
  // Sorted. Only of series that match; no matchers means all.
  virtual base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher> matchers,
                                                            TimeRange range) const = 0;
  virtual base::Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             std::span<const base::Matcher> matchers,
                                                             TimeRange range) const = 0;
};

}  // namespace store
