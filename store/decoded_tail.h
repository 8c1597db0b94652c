#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "store/edges.h"
#include "store/querier.h"
#include "store/sample.h"

namespace store {

// The newest floats of a series, decoded: what rules read at every evaluation, and would decode at every one. A copy of
// what the series' chunks hold, never more, so it can be thrown away at any time. Of counters it knows where they began
// anew, so that a rate looks at the ends of its window alone. Not thread-safe.
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
  // False where a staleness marker may be among them: then they must be read.
  bool ReadEdges(TimeRange range, bool falls, Edges& edges);
  // Later than the last. False: it cannot take the sample and must go.
  bool Append(base::Timestamp time, double value);
  size_t Bytes() const;

 private:
  // Together in twelve bytes, so that whoever looks at one sample waits for memory once.
  struct Kept {
    uint32_t offset;  // milliseconds after base_, rising
    std::array<uint32_t, 2> bits;
    Kept(uint32_t at, double value) : offset(at), bits(std::bit_cast<std::array<uint32_t, 2>>(value)) {}
    double value() const { return std::bit_cast<double>(bits); }
  };
  static_assert(sizeof(Kept) == 12);

  base::Timestamp TimeOf(size_t place) const { return base_ + base::Duration(samples_[place].offset); }
  void Push(base::Timestamp time, double value);
  size_t PlaceOf(base::Timestamp time) const;     // the first at or after `time`
  size_t PlaceAfter(base::Timestamp time) const;  // the first after it
  void FindFalls();
  void SumUpFalls(size_t first, size_t last, Edges& edges);
  void MakeRoom();

  base::Timestamp from_;
  base::Timestamp base_;
  std::vector<Kept> samples_;
  uint32_t first_offset_ = 0;  // of the samples at the ends, which every search looks at
  uint32_t last_offset_ = 0;
  uint16_t after_stale_ = 0;  // the place behind the newest staleness marker
  bool knows_falls_ = false;
  // The places of values smaller than the one before, of series that were asked for them: counters, so there are few.
  std::vector<uint16_t> falls_;
  base::Duration span_;
};

}  // namespace store
