#include <algorithm>

#include "promql/binary_element.h"
#include "promql/evaluator.h"
#include "promql/histogram_math.h"
#include "promql/vector_operation.h"

namespace promql {
namespace {

Columns ScalarsOperation(BinaryOp op, Columns left, const Columns& right) {
  const auto values = left.values(0);
  const auto others = right.values(0);
  for (size_t step = 0; step < left.steps(); ++step) values[step] = ScalarOperation(op, values[step], others[step]);
  return left;
}

// A vector and a scalar; `scalar_left` tells which side the scalar stood on.
class VectorScalarOperation {
 public:
  VectorScalarOperation(Evaluator& evaluator, const Binary& binary, const SourceRange& where, bool scalar_left)
      : evaluator_(evaluator), binary_(binary), where_(where), scalar_left_(scalar_left) {}

  base::Result<Columns> Run(Columns vector, const Columns& scalar) {
    const auto numbers = scalar.values(0);
    const bool drops = binary_.op >= BinaryOp::add || binary_.return_bool;
    for (size_t row = 0; row < vector.size(); ++row) {
      if (drops) evaluator_.DropName(vector, row);
      for (size_t step = 0; step < vector.steps(); ++step) {
        if (vector.presence(row)[step] != Presence::none) Apply(vector, row, step, numbers[step]);
      }
    }
    Report(remark_, binary_.op, where_, evaluator_.annotations());
    if (drops) {
      TRY_VOID(evaluator_.CheckEqualRows(vector));
    }
    vector.DropEmptyRows();
    return vector;
  }

 private:
  void Apply(Columns& vector, size_t row, size_t step, double number) {
    const Point element = vector.at(row, step);
    const Point scalar = Point::Number(number);
    const auto result =
        ElementOperation(binary_.op, scalar_left_ ? scalar : element, scalar_left_ ? element : scalar, remark_);
    if (!result || (!binary_.return_bool && !result->keep)) {
      vector.Clear(row, step);
    } else if (binary_.return_bool) {
      vector.SetNumber(row, step, result->keep ? 1 : 0);
    } else if (!IsComparison(binary_.op)) {
      vector.Set(row, step, result->point);
    }
    // a comparison that holds leaves the vector's own sample, whichever side it is on
  }

  Evaluator& evaluator_;
  const Binary& binary_;
  const SourceRange& where_;
  bool scalar_left_;
  ElementRemark remark_;  // one operator has but one thing to say about samples and a scalar
};

}  // namespace

base::Result<Columns> Evaluator::EvaluateBinary(const Binary& binary, const Expr& expr) {
  TRY(Columns left, Evaluate(*binary.left));
  TRY(Columns right, Evaluate(*binary.right));
  const bool left_scalar = TypeOf(*binary.left) == ValueType::scalar;
  const bool right_scalar = TypeOf(*binary.right) == ValueType::scalar;
  if (left_scalar && right_scalar) return ScalarsOperation(binary.op, std::move(left), right);
  if (right_scalar) return VectorScalarOperation(*this, binary, expr.range, false).Run(std::move(left), right);
  if (left_scalar) return VectorScalarOperation(*this, binary, expr.range, true).Run(std::move(right), left);
  if (IsSetOperator(binary.op)) return SetOperation(*this, binary, left, right);
  return VectorOperation(*this, binary, expr.range, left, right);
}

base::Result<Columns> Evaluator::EvaluateUnary(const Unary& unary) {
  TRY(Columns columns, Evaluate(*unary.expr));
  if (!unary.negative) return columns;
  const bool scalar = TypeOf(*unary.expr) == ValueType::scalar;
  for (size_t row = 0; row < columns.size(); ++row) {
    if (!scalar) DropName(columns, row);
    for (double& value : columns.values(row)) value = -value;
    if (!columns.has_histograms()) continue;
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (columns.presence(row)[step] != Presence::histogram) continue;
      FloatHistogram negated = *columns.histogram(row, step);
      Scale(negated, -1);
      columns.Set(row, step, Point::Of(std::make_shared<const FloatHistogram>(std::move(negated))));
    }
  }
  if (!delayed_names()) {
    TRY_VOID(MergeEqualRows(columns));
  }
  return columns;
}

}  // namespace promql
