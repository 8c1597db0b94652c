#include "promql/ast.h"

#include <type_traits>

namespace promql {
namespace {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace

std::string_view ToString(BinaryOp op) {
  switch (op) {
    case BinaryOp::logical_or:
      return "or";
    case BinaryOp::logical_and:
      return "and";
    case BinaryOp::logical_unless:
      return "unless";
    case BinaryOp::equal:
      return "==";
    case BinaryOp::not_equal:
      return "!=";
    case BinaryOp::less:
      return "<";
    case BinaryOp::less_or_equal:
      return "<=";
    case BinaryOp::greater:
      return ">";
    case BinaryOp::greater_or_equal:
      return ">=";
    case BinaryOp::trim_upper:
      return "</";
    case BinaryOp::trim_lower:
      return ">/";
    case BinaryOp::add:
      return "+";
    case BinaryOp::subtract:
      return "-";
    case BinaryOp::multiply:
      return "*";
    case BinaryOp::divide:
      return "/";
    case BinaryOp::modulo:
      return "%";
    case BinaryOp::atan2:
      return "atan2";
    case BinaryOp::power:
      return "^";
  }
  return "";
}

bool IsComparison(BinaryOp op) { return op >= BinaryOp::equal && op <= BinaryOp::greater_or_equal; }
bool IsSetOperator(BinaryOp op) { return op <= BinaryOp::logical_unless; }

std::string_view ToString(AggregateOp op) {
  switch (op) {
    case AggregateOp::sum:
      return "sum";
    case AggregateOp::avg:
      return "avg";
    case AggregateOp::count:
      return "count";
    case AggregateOp::min:
      return "min";
    case AggregateOp::max:
      return "max";
    case AggregateOp::group:
      return "group";
    case AggregateOp::stddev:
      return "stddev";
    case AggregateOp::stdvar:
      return "stdvar";
    case AggregateOp::topk:
      return "topk";
    case AggregateOp::bottomk:
      return "bottomk";
    case AggregateOp::count_values:
      return "count_values";
    case AggregateOp::quantile:
      return "quantile";
    case AggregateOp::limitk:
      return "limitk";
    case AggregateOp::limit_ratio:
      return "limit_ratio";
  }
  return "";
}

bool HasParameter(AggregateOp op) { return op >= AggregateOp::topk; }

ValueType TypeOf(const Expr& expr) {
  return std::visit(Overloaded{
                        [](const NumberLiteral&) { return ValueType::scalar; },
                        [](const StringLiteral&) { return ValueType::string; },
                        [](const Paren& paren) { return TypeOf(*paren.expr); },
                        [](const Unary& unary) { return TypeOf(*unary.expr); },
                        [](const Binary& binary) {
                          const bool scalar =
                              TypeOf(*binary.left) == ValueType::scalar && TypeOf(*binary.right) == ValueType::scalar;
                          return scalar ? ValueType::scalar : ValueType::vector;
                        },
                        [](const Aggregate&) { return ValueType::vector; },
                        [](const Call& call) { return call.function->result; },
                        [](const VectorSelector&) { return ValueType::vector; },
                        [](const MatrixSelector&) { return ValueType::matrix; },
                        [](const Subquery&) { return ValueType::matrix; },
                    },
                    expr.node);
}

std::vector<ExprPtr*> ChildSlots(Expr& expr) {
  using List = std::vector<ExprPtr*>;
  return std::visit(Overloaded{
                        [](Paren& paren) { return List{&paren.expr}; },
                        [](Unary& unary) { return List{&unary.expr}; },
                        [](Binary& binary) { return List{&binary.left, &binary.right}; },
                        [](Aggregate& aggregate) {
                          return aggregate.parameter ? List{&aggregate.parameter, &aggregate.expr}
                                                     : List{&aggregate.expr};
                        },
                        [](Call& call) {
                          List list;
                          for (ExprPtr& argument : call.arguments) list.push_back(&argument);
                          return list;
                        },
                        [](Subquery& subquery) { return List{&subquery.expr}; },
                        [](auto&) { return List{}; },
                    },
                    expr.node);
}

std::vector<const Expr*> Children(const Expr& expr) {
  std::vector<const Expr*> children;
  // only looks: nothing is put anywhere
  for (const ExprPtr* slot : ChildSlots(const_cast<Expr&>(expr))) children.push_back(slot->get());
  return children;
}

void Walk(const Expr& expr, const std::function<bool(const Expr&)>& visit) {
  if (!visit(expr)) return;
  for (const Expr* child : Children(expr)) Walk(*child, visit);
}

void ForEachSelector(const Expr& expr, const std::function<void(const VectorSelector&, const SourceRange&)>& visit) {
  Walk(expr, [&](const Expr& node) {
    if (const auto* selector = As<VectorSelector>(node)) visit(*selector, node.range);
    if (const auto* matrix = As<MatrixSelector>(node)) visit(matrix->selector, matrix->selector_range);
    return true;
  });
}

ExprPtr Rewrite(const Expr& expr, const std::function<void(Expr&)>& change) {
  auto copy = std::make_shared<Expr>(expr);
  for (ExprPtr* child : ChildSlots(*copy)) *child = Rewrite(**child, change);
  change(*copy);
  return copy;
}

const Expr& Unwrap(const Expr& expr) {
  const Expr* inner = &expr;
  while (const auto* paren = As<Paren>(*inner)) inner = paren->expr.get();
  return *inner;
}

}  // namespace promql
