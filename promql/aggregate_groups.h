#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.h"
#include "promql/ast.h"
#include "promql/columns.h"
#include "promql/evaluator.h"

namespace promql {

// Numbers the groups of an aggregation in the order in which their first series come.
class Groups {
 public:
  explicit Groups(const Aggregate& aggregate) : aggregate_(aggregate) {}
  size_t NumberOf(const base::Labels& labels);
  const std::vector<base::Labels>& labels() const { return labels_; }  // by group
  std::vector<base::Labels> Take() && { return std::move(labels_); }

 private:
  const Aggregate& aggregate_;
  std::unordered_map<base::Labels, size_t, base::LabelsHash> numbers_;
  std::vector<base::Labels> labels_;
};

// Which series an aggregation puts together: computed once, for all steps.
struct Grouping {
  std::vector<size_t> group_of;      // by row of the input
  std::vector<base::Labels> labels;  // by group
  size_t size() const { return labels.size(); }
};
Grouping GroupRows(const Columns& input, const Aggregate& aggregate);
base::Labels GroupLabels(const base::Labels& labels, const std::vector<std::string>& grouping, bool without);

// What the kinds of aggregations are given.
struct AggregateInput {
  Evaluator& evaluator;
  const Aggregate& aggregate;
  const SourceRange& where;  // of the whole aggregation
  const Columns& columns;
  const Columns* parameter = nullptr;  // one row, for those that have a scalar parameter
};

// How many series topk, bottomk or limitk keep of each group, by step.
base::Result<std::vector<size_t>> LimitsOf(const AggregateInput& input);

base::Result<Columns> AggregateK(const AggregateInput& input);      // topk, bottomk
base::Result<Columns> AggregateLimit(const AggregateInput& input);  // limitk, limit_ratio
base::Result<Columns> AggregateCountValues(const AggregateInput& input);

}  // namespace promql
