#include "rules/lint/value_range.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace rules {
namespace {

using promql::BinaryOp;

ValueRange HullOf(std::initializer_list<double> values) {
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) return {};
  return {.least = std::min(values), .most = std::max(values), .nan = true};
}

double Compute(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::add:
      return left + right;
    case BinaryOp::subtract:
      return left - right;
    case BinaryOp::multiply:
      return left * right;
    case BinaryOp::divide:
      return left / right;
    case BinaryOp::modulo:
      return std::fmod(left, right);
    case BinaryOp::power:
      return std::pow(left, right);
    case BinaryOp::atan2:
      return std::atan2(left, right);
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace

ValueRange ValueRange::Exactly(double value) {
  // no number at all compares with anything, as NaN does
  if (std::isnan(value)) return {.least = INFINITY, .most = -INFINITY, .nan = true};
  return Between(value, value);
}

ValueRange Combine(BinaryOp op, const ValueRange& left, const ValueRange& right) {
  if (left.constant() && right.constant()) return ValueRange::Exactly(Compute(op, left.least, right.least));
  if (left.least > left.most || right.least > right.most) return ValueRange::Exactly(NAN);
  switch (op) {
    case BinaryOp::add:
      return HullOf({left.least + right.least, left.most + right.most});
    case BinaryOp::subtract:
      return HullOf({left.least - right.most, left.most - right.least});
    case BinaryOp::divide:
      if (right.least <= 0 && right.most >= 0) return {};
      [[fallthrough]];
    case BinaryOp::multiply:
      return HullOf({Compute(op, left.least, right.least), Compute(op, left.least, right.most),
                     Compute(op, left.most, right.least), Compute(op, left.most, right.most)});
    case BinaryOp::modulo:
      if (!right.constant()) return {};
      return {.least = left.least >= 0 ? 0 : -std::abs(right.least),
              .most = left.most <= 0 ? 0 : std::abs(right.least),
              .nan = true};
    default:
      return {};
  }
}

bool CanHold(BinaryOp comparison, const ValueRange& left, const ValueRange& right) {
  switch (comparison) {
    case BinaryOp::equal:
      return left.least <= right.most && right.least <= left.most;
    case BinaryOp::not_equal:
      return !(left.constant() && left == right);
    case BinaryOp::less:
      return left.least < right.most;
    case BinaryOp::less_or_equal:
      return left.least <= right.most;
    case BinaryOp::greater:
      return left.most > right.least;
    case BinaryOp::greater_or_equal:
      return left.most >= right.least;
    default:
      return true;
  }
}

bool MustHold(BinaryOp comparison, const ValueRange& left, const ValueRange& right) {
  if (comparison != BinaryOp::not_equal && (left.nan || right.nan)) return false;
  switch (comparison) {
    case BinaryOp::equal:
      return left.constant() && left == right;
    case BinaryOp::not_equal:
      return !CanHold(BinaryOp::equal, left, right);
    case BinaryOp::less:
      return left.most < right.least;
    case BinaryOp::less_or_equal:
      return left.most <= right.least;
    case BinaryOp::greater:
      return left.least > right.most;
    case BinaryOp::greater_or_equal:
      return left.least >= right.most;
    default:
      return false;
  }
}

ValueRange Hull(const ValueRange& a, const ValueRange& b) {
  return {.least = std::min(a.least, b.least), .most = std::max(a.most, b.most), .nan = a.nan || b.nan};
}

}  // namespace rules
