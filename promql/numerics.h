#pragma once

#include <cmath>
#include <span>

namespace promql {

// As Go's math.Pow, which takes square roots for the exponents 0.5 and -0.5.
inline double Power(double base, double exponent) {
  const bool root = std::fabs(exponent) == 0.5 && base > 0 && std::isfinite(base);
  if (!root) return std::pow(base, exponent);
  return exponent > 0 ? std::sqrt(base) : 1 / std::sqrt(base);
}

// A sum that keeps what rounding loses (Kahan's method in Neumaier's form).
struct CompensatedSum {
  double sum = 0;
  double lost = 0;

  void Add(double value) {
    const double next = sum + value;
    if (std::isinf(next)) {
      lost = 0;
    } else if (std::fabs(sum) >= std::fabs(value)) {
      lost += (sum - next) + value;
    } else {
      lost += (value - next) + sum;
    }
    sum = next;
  }
  double total() const { return std::isinf(sum) ? sum : sum + lost; }
};

// A mean that stays exact for long runs: from the sum as long as that does not overflow, else moved along value by
// value.
class CompensatedMean {
 public:
  void Add(double value);
  double mean() const;
  double count() const { return count_; }

 private:
  CompensatedSum sum_;
  CompensatedSum mean_;
  double count_ = 0;
  bool incremental_ = false;
};

// The quantile of values (which are reordered), between the two nearest; -Inf below 0, +Inf above 1, NaN without
// values or of NaN.
double Quantile(double quantile, std::span<double> values);

}  // namespace promql
