#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "base/result.h"
#include "base/time.h"
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
  virtual const base::Labels& labels() const = 0;
  // Appends the samples within `range` to `out`, oldest first, staleness markers included.
  virtual void Read(TimeRange range, Samples& out) const = 0;
  // Appends only the last of them, if there is one: what an instant asks for. Much cheaper than Read on a local series.
  virtual void ReadLast(TimeRange range, Samples& out) const;
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

// What a selection found, sorted by labels.
struct Selection {
  explicit Selection(std::vector<std::shared_ptr<const Series>> found) : series(std::move(found)) {}
  const std::vector<std::shared_ptr<const Series>> series;

  // Asks the processor to fetch a series that will be read soon; there need not be one of this number.
  void Prefetch(size_t number) const {
    if (number >= series.size()) return;
    const auto* at = reinterpret_cast<const char*>(series[number].get());
    for (const int line : {0, 64, 128}) __builtin_prefetch(at + line);
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
