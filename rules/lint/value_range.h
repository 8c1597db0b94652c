#pragma once

#include <limits>

#include "promql/ast.h"

namespace rules {

// What is certain of a value that is only known when it is measured: it is one from `least` to `most`, or, where
// `nan` says so, no number.
struct ValueRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool nan = true;

  static ValueRange Exactly(double value);
  // Never NaN.
  static ValueRange Between(double least, double most) { return {.least = least, .most = most, .nan = false}; }
  bool constant() const { return !nan && least == most; }
  bool operator==(const ValueRange&) const = default;
};

// Of arithmetic operators.
ValueRange Combine(promql::BinaryOp op, const ValueRange& left, const ValueRange& right);

// Whether some pair of values compares as told; whether every pair does.
bool CanHold(promql::BinaryOp comparison, const ValueRange& left, const ValueRange& right);
bool MustHold(promql::BinaryOp comparison, const ValueRange& left, const ValueRange& right);

ValueRange Hull(const ValueRange& a, const ValueRange& b);

}  // namespace rules
