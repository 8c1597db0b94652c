#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "promql/range_window.h"

namespace promql {

struct RateKind {
  bool counter;
  bool per_second;
};

// How far a window's samples reach and how far beyond them a rate is extrapolated, in seconds.
struct Reach {
  double sampled = 0;  // from the first sample to the last
  double to_start = 0;
  double to_end = 0;

  Reach() = default;
  // Of `samples` from `first` to `last`: all the way to the window's edge where a sample is near it, by half the usual
  // distance of samples where it is not.
  Reach(base::Timestamp start, base::Timestamp first, base::Timestamp last, base::Timestamp end, size_t samples);
  // By what the difference of last and first is multiplied.
  double Factor() const { return sampled == 0 ? 1 : (sampled + to_start + to_end) / sampled; }
  // The same with a counter, which is not extrapolated to below zero.
  double CounterFactor(double first, double difference) const;
};

// rate(), increase() and delta() of series of nothing but floats whose start times are unknown, all steps at once.
// Series scraped together share their times: what depends on these alone is worked out once for many. The results are
// those of the functions for single windows, bit by bit.
class RateRow {
 public:
  RateRow(const RangeInput& input, size_t steps, RateKind kind)
      : input_(input), windows_(steps), reaches_(steps), kind_(kind) {}

  // Fills in the steps that have a result and says whether there are any.
  bool Run(std::span<const base::Timestamp> times, std::span<const double> values, std::span<double> results,
           std::span<Presence> presence);

 private:
  struct FittedWindow {
    uint32_t first = 0;
    uint32_t last = 0;  // the same as `first`: no result
    double factor = 0;  // of a counter that is nowhere near zero
  };
  void Fit(std::span<const base::Timestamp> times);
  void FindFalls(std::span<const double> values);
  double FactorNearZero(size_t step, double first, double difference) const;

  const RangeInput& input_;
  std::vector<base::Timestamp> times_;  // those that windows_ and reaches_ are for
  std::vector<FittedWindow> windows_;   // by step
  std::vector<Reach> reaches_;          // likewise
  bool long_reach_ = false;             // somewhere further back than the samples of the window cover
  std::vector<uint32_t> falls_;         // values smaller than the one before
  RateKind kind_;
};

}  // namespace promql
