#include "promql/rate_row.h"

#include <algorithm>

namespace promql {
namespace {

double Seconds(base::Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

}  // namespace

Reach::Reach(base::Timestamp start, base::Timestamp first, base::Timestamp last, base::Timestamp end, size_t samples)
    : sampled(Seconds(last - first)), to_start(Seconds(first - start)), to_end(Seconds(end - last)) {
  const double distance = samples > 1 ? sampled / static_cast<double>(samples - 1) : 0;
  const double threshold = distance * 1.1;
  if (to_start >= threshold) to_start = distance / 2;
  if (to_end >= threshold) to_end = distance / 2;
}

double Reach::CounterFactor(double first, double difference) const {
  Reach reach = *this;
  if (difference > 0 && first >= 0) reach.to_start = std::min(to_start, sampled * (first / difference));
  return reach.Factor();
}

void RateRow::Fit(std::span<const base::Timestamp> times) {
  times_.assign(times.begin(), times.end());
  long_reach_ = false;
  size_t begin = 0, after = 0;
  for (size_t step = 0; step < windows_.size(); ++step) {
    const base::Timestamp end = input_.first_end + input_.end_interval * static_cast<int64_t>(step);
    const base::Timestamp start = end - input_.range;
    while (after < times.size() && times[after] <= end) ++after;
    while (begin < after && times[begin] <= start) ++begin;
    windows_[step] = {};
    if (after - begin < 2) continue;
    const Reach reach(start, times[begin], times[after - 1], end, after - begin);
    windows_[step] = {static_cast<uint32_t>(begin), static_cast<uint32_t>(after - 1), reach.Factor()};
    if (kind_.per_second) windows_[step].factor /= Seconds(input_.range);
    reaches_[step] = reach;
    long_reach_ = long_reach_ || reach.to_start > reach.sampled;
  }
}

void RateRow::FindFalls(std::span<const double> values) {
  falls_.clear();
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) falls_.push_back(static_cast<uint32_t>(i));
  }
}

double RateRow::FactorNearZero(size_t step, double first, double difference) const {
  const double factor = reaches_[step].CounterFactor(first, difference);
  return kind_.per_second ? factor / Seconds(input_.range) : factor;
}

bool RateRow::Run(std::span<const base::Timestamp> times, std::span<const double> values, std::span<double> results,
                  std::span<Presence> presence) {
  if (!std::ranges::equal(times, times_)) Fit(times);
  if (kind_.counter) FindFalls(values);
  bool any = false;
  size_t fall = 0;
  for (size_t step = 0; step < windows_.size(); ++step) {
    const FittedWindow& window = windows_[step];
    if (window.last == window.first) continue;
    const double first = values[window.first];
    double difference = values[window.last] - first;
    double factor = window.factor;
    if (kind_.counter) {
      double correction = 0;  // what resets hid
      while (fall < falls_.size() && falls_[fall] <= window.first) ++fall;
      for (size_t i = fall; i < falls_.size() && falls_[i] <= window.last; ++i) correction += values[falls_[i] - 1];
      difference += correction;
      // one that grew by less than it had was zero no later than as long before as the samples cover
      if (first < difference || long_reach_) factor = FactorNearZero(step, first, difference);
    }
    results[step] = difference * factor;
    presence[step] = Presence::number;
    any = true;
  }
  return any;
}

}  // namespace promql
