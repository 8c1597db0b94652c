#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matcher.h"
#include "base/time.h"
#include "promql/functions_table.h"

// The tree of a PromQL expression: few kinds of nodes, each a plain record. Trees are immutable once the parser hands
// them out and may be shared between threads; a changed tree is a new one that shares what did not change (Rewrite).

namespace promql {

// Where a node stands in its text: bytes [begin, end), and the line and column (from 1, in bytes) of `begin`.
struct SourceRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t line = 1;
  uint32_t column = 1;
  bool operator==(const SourceRange&) const = default;
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

enum class BinaryOp : uint8_t {
  logical_or,
  logical_and,
  logical_unless,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  trim_upper,
  trim_lower,  // </ and >/ on native histograms
  add,
  subtract,
  multiply,
  divide,
  modulo,
  atan2,
  power,
};
std::string_view ToString(BinaryOp op);
bool IsComparison(BinaryOp op);  // == != < <= > >=
bool IsSetOperator(BinaryOp op);

enum class AggregateOp : uint8_t {
  sum,
  avg,
  count,
  min,
  max,
  group,
  stddev,
  stdvar,
  topk,
  bottomk,
  count_values,
  quantile,
  limitk,
  limit_ratio,
};
std::string_view ToString(AggregateOp op);
bool HasParameter(AggregateOp op);

// Arithmetic in the place of a duration, as in [5m * 2] or offset max_of(step(), 1m). In seconds. What is a plain
// number already is no DurationExpr.
struct DurationExpr;
using DurationExprPtr = std::shared_ptr<const DurationExpr>;
struct DurationExpr {
  enum class Kind : uint8_t {
    number,
    step,
    range,
    min_of,
    max_of,
    add,
    subtract,
    multiply,
    divide,
    modulo,
    power,
    negate
  };
  Kind kind = Kind::number;
  double number = 0;         // seconds
  bool as_duration = false;  // written as 5m rather than 300
  bool parenthesised = false;
  DurationExprPtr left;  // operands; negate has `left` only
  DurationExprPtr right;
  SourceRange range;
};

// A duration of a selector: known from the text, or (where `expr` is set) only once step and range of the query are.
struct DurationValue {
  base::Duration fixed{0};
  DurationExprPtr expr;
};

enum class AtKind : uint8_t { none, timestamp, start, end };

// `offset` and `@`.
struct TimeModifiers {
  DurationValue offset;
  AtKind at = AtKind::none;
  base::Timestamp timestamp;  // of AtKind::timestamp
};

struct NumberLiteral {
  double value = 0;
  bool as_duration = false;  // written as a duration, and printed as one
};
struct StringLiteral {
  std::string value;
};
struct Paren {
  ExprPtr expr;
};
struct Unary {
  bool negative = false;
  ExprPtr expr;
};

enum class Cardinality : uint8_t { one_to_one, many_to_one, one_to_many, many_to_many };
struct VectorMatching {
  Cardinality cardinality = Cardinality::one_to_one;
  bool on = false;                   // else ignoring
  std::vector<std::string> labels;   // of on() or ignoring()
  std::vector<std::string> include;  // of group_left() or group_right()
  std::optional<double> fill_left;
  std::optional<double> fill_right;
};
struct Binary {
  BinaryOp op = BinaryOp::add;
  ExprPtr left;
  ExprPtr right;
  bool return_bool = false;
  VectorMatching matching;  // counts only where both sides are vectors
  SourceRange op_range;     // the operator with its modifiers
};

struct Aggregate {
  AggregateOp op = AggregateOp::sum;
  ExprPtr expr;
  ExprPtr parameter;  // set for topk, bottomk, count_values, quantile, limitk, limit_ratio
  std::vector<std::string> grouping;
  bool without = false;
};

struct Call {
  const FunctionSignature* function = nullptr;
  std::vector<ExprPtr> arguments;
};

struct VectorSelector {
  std::string name;                     // the metric name before the braces, or ""
  std::vector<base::Matcher> matchers;  // all of them; the one of `name` is last
  TimeModifiers modifiers;
  bool anchored = false;
  bool smoothed = false;
};
struct MatrixSelector {
  VectorSelector selector;
  SourceRange selector_range;
  DurationValue range;
};
struct Subquery {
  ExprPtr expr;
  DurationValue range;
  DurationValue step;  // zero: the engine's interval
  TimeModifiers modifiers;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, Paren, Unary, Binary, Aggregate, Call, VectorSelector,
                            MatrixSelector, Subquery>;
  Node node;
  SourceRange range;
};

ValueType TypeOf(const Expr& expr);

// The nodes right below, in the order they are written. A matrix selector has none: its selector is part of it.
std::vector<const Expr*> Children(const Expr& expr);
// The same of a tree one is building, to put others in their place.
std::vector<ExprPtr*> ChildSlots(Expr& expr);

// Calls `visit` for the node, then for all below it, in the order they are written; where it returns false, not below.
void Walk(const Expr& expr, const std::function<bool(const Expr&)>& visit);

// Every selector in the tree, those within range selectors included.
void ForEachSelector(const Expr& expr, const std::function<void(const VectorSelector&, const SourceRange&)>& visit);

// A tree in which `change` has been applied to a copy of every node, children first; the original stays as it is.
ExprPtr Rewrite(const Expr& expr, const std::function<void(Expr&)>& change);

// The expression without parentheses around it.
const Expr& Unwrap(const Expr& expr);

template <class T>
const T* As(const Expr& expr) {
  return std::get_if<T>(&expr.node);
}

}  // namespace promql
