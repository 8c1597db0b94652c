#include "promql/binary_element.h"

#include <cmath>
#include <memory>

#include "promql/histogram_math.h"
#include "promql/numerics.h"

namespace promql {
namespace {

double Truth(bool holds) { return holds ? 1 : 0; }

bool Compare(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::equal:
      return left == right;
    case BinaryOp::not_equal:
      return left != right;
    case BinaryOp::less:
      return left < right;
    case BinaryOp::less_or_equal:
      return left <= right;
    case BinaryOp::greater:
      return left > right;
    case BinaryOp::greater_or_equal:
      return left >= right;
    default:
      return false;
  }
}

Point Finished(FloatHistogram histogram) {
  Compact(histogram);
  return Point::Of(std::make_shared<const FloatHistogram>(std::move(histogram)));
}

std::optional<ElementResult> HistogramWithNumber(BinaryOp op, const FloatHistogram& histogram, double number) {
  FloatHistogram result = histogram;
  switch (op) {
    case BinaryOp::multiply:
      Scale(result, number);
      return ElementResult{Finished(std::move(result))};
    case BinaryOp::divide:
      Divide(result, number);
      return ElementResult{Finished(std::move(result))};
    case BinaryOp::trim_upper:
    case BinaryOp::trim_lower:
      TrimBuckets(result, number, op == BinaryOp::trim_upper);
      return ElementResult{Point::Of(std::make_shared<const FloatHistogram>(std::move(result)))};
    default:
      return std::nullopt;
  }
}

std::optional<ElementResult> Combine(BinaryOp op, const FloatHistogram& left, const FloatHistogram& right,
                                     ElementRemark& remark) {
  using Kind = ElementRemark::Kind;
  FloatHistogram result = left;
  const Combined combined = op == BinaryOp::add ? Add(result, right) : Subtract(result, right);
  if (!combined.compatible) {
    remark.kind = Kind::incompatible_layout;
    return std::nullopt;
  }
  if (op == BinaryOp::subtract) result.counter_reset_hint = base::CounterResetHint::gauge;
  if (combined.reset_collision) {
    remark.kind = Kind::reset_collision;
  } else if (combined.reconciled) {
    remark.kind = Kind::reconciled_bounds;
  }
  return ElementResult{Finished(std::move(result))};
}

std::string_view KindName(bool histogram) { return histogram ? "histogram" : "float"; }

}  // namespace

double ScalarOperation(BinaryOp op, double left, double right) {
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
    case BinaryOp::atan2:
      return std::atan2(left, right);
    case BinaryOp::power:
      return Power(left, right);
    default:
      return Truth(Compare(op, left, right));
  }
}

void Report(const ElementRemark& remark, BinaryOp op, const SourceRange& where, AnnotationSet& annotations) {
  const std::string_view operation = op == BinaryOp::add ? "addition" : "subtraction";
  switch (remark.kind) {
    case ElementRemark::Kind::none:
      break;
    case ElementRemark::Kind::incompatible_types:
      annotations.Inform(
          remark::IncompatibleTypes(KindName(remark.left_histogram), ToString(op), KindName(remark.right_histogram)),
          where);
      break;
    case ElementRemark::Kind::incompatible_layout:
      annotations.Warn(remark::IncompatibleBucketLayout(ToString(op)), where);
      break;
    case ElementRemark::Kind::reset_collision:
      annotations.Warn(remark::CounterResetCollision(operation), where);
      break;
    case ElementRemark::Kind::reconciled_bounds:
      annotations.Inform(remark::MismatchedCustomBuckets(operation), where);
      break;
  }
}

std::optional<ElementResult> ElementOperation(BinaryOp op, const Point& left, const Point& right,
                                              ElementRemark& remark) {
  const bool left_histogram = left.presence == Presence::histogram;
  const bool right_histogram = right.presence == Presence::histogram;
  const bool trims = op == BinaryOp::trim_lower || op == BinaryOp::trim_upper;
  std::optional<ElementResult> result;
  if (!left_histogram && !right_histogram) {
    if (IsComparison(op)) return ElementResult{left, Compare(op, left.value, right.value)};
    if (!trims) return ElementResult{Point::Number(ScalarOperation(op, left.value, right.value))};
  } else if (left_histogram && right_histogram) {
    if (op == BinaryOp::add || op == BinaryOp::subtract) {
      return Combine(op, *left.histogram, *right.histogram, remark);
    }
    const bool equal = op == BinaryOp::equal;
    if (equal || op == BinaryOp::not_equal) {
      return ElementResult{left, EqualHistograms(*left.histogram, *right.histogram) == equal};
    }
  } else if (left_histogram) {
    result = HistogramWithNumber(op, *left.histogram, right.value);
  } else if (op == BinaryOp::multiply) {
    result = HistogramWithNumber(op, *right.histogram, left.value);
  }
  if (!result) remark = {ElementRemark::Kind::incompatible_types, left_histogram, right_histogram};
  return result;
}

}  // namespace promql
