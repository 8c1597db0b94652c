#include "promql/histogram_aggregate.h"

#include <utility>

namespace promql {
namespace {

store::HistogramPtr Finished(FloatHistogram histogram) {
  Compact(histogram);
  return std::make_shared<const FloatHistogram>(std::move(histogram));
}

Point Summarise(std::span<const store::HistogramPtr> histograms, RangeContext& context, bool average) {
  HistogramSum sum(average);
  for (const store::HistogramPtr& histogram : histograms) {
    if (sum.Add(*histogram)) continue;
    context.annotations.Warn(remark::MixedExponentialCustom(context.metric()), context.where);
    return {};
  }
  if (sum.reset_collision()) context.annotations.Warn(remark::CounterResetCollision("aggregation"), context.where);
  if (sum.reconciled()) context.annotations.Inform(remark::MismatchedCustomBuckets("aggregation"), context.where);
  return Point::Of(sum.Result());
}

}  // namespace

Point SumOfHistograms(std::span<const store::HistogramPtr> histograms, RangeContext& context) {
  return Summarise(histograms, context, false);
}

Point AverageOfHistograms(std::span<const store::HistogramPtr> histograms, RangeContext& context) {
  return Summarise(histograms, context, true);
}

void HistogramSum::Track(base::CounterResetHint hint) {
  reset_seen_ |= hint == base::CounterResetHint::reset;
  no_reset_seen_ |= hint == base::CounterResetHint::not_reset;
}

bool HistogramSum::AddCompensated(FloatHistogram& sum, FloatHistogram& lost, const FloatHistogram& more) {
  const Combined combined = promql::AddCompensated(sum, lost, more);
  reconciled_ |= combined.reconciled;
  return combined.compatible;
}

bool HistogramSum::Add(const FloatHistogram& histogram) {
  Track(histogram.counter_reset_hint);
  count_ += 1;
  if (count_ == 1) {
    sum_ = histogram;
    lost_.schema = histogram.schema;
    lost_.zero_threshold = histogram.zero_threshold;
    lost_.custom_values = histogram.custom_values;
    return true;
  }
  if (!average_) return AddCompensated(sum_, lost_, histogram);
  if (!incremental_) {
    FloatHistogram sum = sum_, lost = lost_;
    if (!AddCompensated(sum, lost, histogram)) return false;
    if (!HasOverflow(sum)) {
      sum_ = std::move(sum), lost_ = std::move(lost);
      return true;
    }
    incremental_ = true;
    mean_ = sum_;
    Divide(mean_, count_ - 1);
    Divide(lost_, count_ - 1);
  }
  const double kept = (count_ - 1) / count_;
  FloatHistogram share = histogram;
  Divide(share, count_);
  Scale(lost_, kept);
  Scale(mean_, kept);
  return AddCompensated(mean_, lost_, share);
}

store::HistogramPtr HistogramSum::Result() const { return average_ ? Average() : Sum(); }

store::HistogramPtr HistogramSum::Sum() const {
  FloatHistogram total = sum_;
  if (count_ > 1) promql::Add(total, lost_);
  total.counter_reset_hint = sum_.counter_reset_hint;
  return Finished(std::move(total));
}

store::HistogramPtr HistogramSum::Average() const {
  FloatHistogram average = incremental_ ? mean_ : sum_;
  FloatHistogram lost = lost_;
  if (!incremental_) {
    Divide(average, count_);
    Divide(lost, count_);
  }
  const base::CounterResetHint hint = average.counter_reset_hint;
  if (count_ > 1) promql::Add(average, lost);
  average.counter_reset_hint = hint;
  return Finished(std::move(average));
}

}  // namespace promql
