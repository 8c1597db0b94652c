#pragma once

#include <string>
#include <vector>

#include "promql/ast.h"
#include "rules/lint/label_facts.h"
#include "rules/lint/value_range.h"

// What is certain of an expression's result before anything is measured. Pure; whatever is not certain is left open,
// so that nothing is said of a rule that could be right.

namespace rules {

struct ExprFacts {
  bool never = false;   // there is no result, whatever was stored
  bool always = false;  // there is one at every evaluation, whatever was stored
  ValueRange values;    // of every sample
  LabelFacts labels = LabelFacts::Anything();
};

// The innermost part of an expression that has no result, and why.
struct DeadPart {
  promql::SourceRange range;
  std::string reason;
};

struct Examined {
  ExprFacts facts;
  std::vector<DeadPart>
      dead;  // in the order in which they stand; where the whole never has a result, some are its cause
};
Examined Examine(const promql::Expr& expr);

// Whether the samples' values decide what is in the result, as a comparison without bool makes them.
bool FiltersByValue(const promql::Expr& expr);

// The number, where the expression is one whatever was stored: 5, -1, 2 * 60 * 60.
std::optional<double> ConstantOf(const promql::Expr& expr);

}  // namespace rules
