#pragma once

#include <cstdint>
#include <vector>

#include "store/querier.h"
#include "store/sample.h"

namespace store {

// The newest floats of a series, decoded: what rules read at every evaluation, and would decode at every one. A copy of
// what the series' chunks hold, never more, so it can be thrown away at any time. Not thread-safe.
class DecodedTail {
 public:
  static constexpr size_t kMostSamples = 1024;

  // `samples` are all there are from `from` on: floats, at least one, at most kMostSamples. `span` is how far before
  // the newest one it is to reach; what is older goes when room is needed.
  DecodedTail(const Samples& samples, base::Timestamp from, base::Duration span);

  base::Duration span() const { return span_; }
  base::Timestamp from() const { return from_; }
  // Whether Read gives everything the series has within it.
  bool Covers(TimeRange range) const { return range.min >= from_; }
  // Appends the samples within `range` to `out`, which holds floats only.
  void Read(TimeRange range, Samples& out) const;
  // Later than the last. False: it cannot take the sample and must go.
  bool Append(base::Timestamp time, double value);
  size_t Bytes() const;

 private:
  void MakeRoom();

  base::Timestamp from_;
  base::Timestamp base_;
  base::Duration span_;
  std::vector<uint32_t> offsets_;  // milliseconds after base_, rising
  std::vector<double> values_;
};

}  // namespace store
