#include "promql/numerics.h"

#include <algorithm>
#include <limits>

namespace promql {

void CompensatedMean::Add(double value) {
  count_ += 1;
  if (count_ == 1) {
    sum_.sum = value;
    return;
  }
  if (!incremental_) {
    CompensatedSum next = sum_;
    next.Add(value);
    if (!std::isinf(next.sum)) {
      sum_ = next;
      return;
    }
    incremental_ = true;
    mean_ = {sum_.sum / (count_ - 1), sum_.lost / (count_ - 1)};
  }
  const double kept = (count_ - 1) / count_;
  mean_ = {mean_.sum * kept, mean_.lost * kept};
  mean_.Add(value / count_);
}

double CompensatedMean::mean() const {
  if (incremental_) return mean_.sum + mean_.lost;
  return sum_.sum / count_ + sum_.lost / count_;
}

double Quantile(double quantile, std::span<double> values) {
  if (values.empty() || std::isnan(quantile)) return std::numeric_limits<double>::quiet_NaN();
  if (quantile < 0) return -std::numeric_limits<double>::infinity();
  if (quantile > 1) return std::numeric_limits<double>::infinity();
  // NaN sorts first
  std::ranges::sort(values, [](double a, double b) { return (std::isnan(a) && !std::isnan(b)) || a < b; });
  const auto last = static_cast<double>(values.size() - 1);
  const double rank = quantile * last;
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(last, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[static_cast<size_t>(lower)] * (1 - weight) + values[static_cast<size_t>(upper)] * weight;
}

}  // namespace promql
