#pragma once

#include <map>
#include <string>
#include <vector>

#include "promql/ast.h"
#include "rules/rule.h"

namespace rules {

// Whether the expression calls absent() or absent_over_time().
bool LooksForAbsence(const promql::Expr& expr);

// Finds the selectors of scraped series that a rule rests on, through the recording rules between them. Immutable, so
// safe to use from several threads. Holds the expressions of the rules it was made of.
class RecordedSeries {
 public:
  RecordedSeries() = default;
  explicit RecordedSeries(const std::vector<RuleGroup>& groups);

  // The selectors of `expr`, without those that absent() or absent_over_time() looks for. A selector of a recorded
  // series is replaced by those of the rules that record it; one that rests on itself ends there. At most
  // kMostSelectors, the nearest first.
  std::vector<promql::VectorSelector> Sources(const promql::Expr& expr) const;

  static constexpr size_t kMostSelectors = 64;

 private:
  std::multimap<std::string, promql::ExprPtr> by_name_;
};

}  // namespace rules
