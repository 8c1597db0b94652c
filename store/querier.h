#pragma once

#include <memory>
#include <span>
#include <string>
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

// Answers from what was committed before the call. Thread-safe. A local one does not fail; a remote one may
// (unavailable, timeout).
class Querier {
 public:
  virtual ~Querier() = default;
  // Series for which every matcher holds and that may have samples in `range`, sorted by labels.
  virtual base::Result<std::vector<std::shared_ptr<const Series>>> Select(std::span<const base::Matcher> matchers,
                                                                          TimeRange range) const = 0;
  // Sorted. Only of series that match; no matchers means all.
  virtual base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher> matchers,
                                                            TimeRange range) const = 0;
  virtual base::Result<std::vector<std::string>> LabelValues(const std::string& name,
                                                             std::span<const base::Matcher> matchers,
                                                             TimeRange range) const = 0;
};

}  // namespace store
