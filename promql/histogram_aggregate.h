#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "promql/histogram_math.h"
#include "promql/range_window.h"

namespace promql {

// sum_over_time and avg_over_time of histograms; nothing (and a remark) where they do not fit together.
Point SumOfHistograms(std::span<const store::HistogramPtr> histograms, RangeContext& context);
Point AverageOfHistograms(std::span<const store::HistogramPtr> histograms, RangeContext& context);

// Adds histograms up one by one, keeping what rounding loses, for sum and avg of windows and of groups.
class HistogramSum {
 public:
  // Where the average is wanted, a sum that overflows goes on as a mean.
  explicit HistogramSum(bool average = false) : average_(average) {}

  // False if it does not fit with what was added before; the sum is then of no use.
  bool Add(const base::FloatHistogram& histogram);
  bool empty() const { return count_ == 0; }
  bool reset_collision() const { return reset_seen_ && no_reset_seen_; }
  bool reconciled() const { return reconciled_; }
  store::HistogramPtr Result() const;

 private:
  void Track(base::CounterResetHint hint);
  store::HistogramPtr Sum() const;
  store::HistogramPtr Average() const;
  bool AddCompensated(base::FloatHistogram& sum, base::FloatHistogram& lost, const base::FloatHistogram& more);

  base::FloatHistogram sum_;
  base::FloatHistogram lost_;
  base::FloatHistogram mean_;
  double count_ = 0;
  bool average_;
  bool incremental_ = false;
  bool reset_seen_ = false;
  bool no_reset_seen_ = false;
  bool reconciled_ = false;
};

}  // namespace promql
