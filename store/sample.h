#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"

namespace store {

using HistogramPtr = std::shared_ptr<const base::FloatHistogram>;

// The samples of one series in a time range, by column, in time order. `histograms` is empty when every sample is a
// float; otherwise it is as long as the others and non-null where the sample is a histogram (its value is then 0).
struct Samples {
  std::vector<base::Timestamp> times;
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;
  // When each sample's counter began; empty where the store does not keep it, the epoch where it is unknown.
  std::vector<base::Timestamp> start_times;

  size_t size() const { return times.size(); }
  bool empty() const { return times.empty(); }
  void Clear() {
    times.clear();
    values.clear();
    histograms.clear();
    start_times.clear();
  }
};

// The value that ends a series (a target or a rule's series went away): Prometheus' own NaN, told apart by its bits.
// It is stored like any sample; readers see it in Samples::values and must end the series there.
inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;
inline double StaleMarker() { return std::bit_cast<double>(kStaleBits); }
inline bool IsStale(double value) { return std::bit_cast<uint64_t>(value) == kStaleBits; }

}  // namespace store
