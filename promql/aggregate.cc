#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_map>

#include "promql/aggregate_groups.h"
#include "promql/histogram_aggregate.h"
#include "promql/numerics.h"

// sum, avg, count, min, max, group, stddev, stdvar and quantile: one cell per group and step takes in the samples of
// the group's series, in the order of the series.

namespace promql {
namespace {

// What cells report while they take samples in; the remarks are those of the whole aggregation.
struct CellContext {
  AnnotationSet& annotations;
  const SourceRange& where;  // of the aggregated expression
  std::string_view op;
  double parameter = 0;
  std::string_view metric;  // of the series being taken in

  void Ignored() { annotations.Inform(remark::HistogramIgnoredInAggregation(op), where); }
};

// The histograms among what sum and avg take in, if there are any.
class HistogramPart {
 public:
  void Add(const store::HistogramPtr& histogram, CellContext& context) {
    if (failed_) return;
    if (!sum_) sum_ = std::make_unique<HistogramSum>(context.op == "avg");
    if (sum_->Add(*histogram)) return;
    failed_ = true;
    context.annotations.Warn(remark::MixedExponentialCustom(context.metric), context.where);
  }
  bool any() const { return sum_ != nullptr; }
  bool failed() const { return failed_; }

  Point Finish(bool floats, CellContext& context) const {
    if (sum_->reconciled()) context.annotations.Inform(remark::MismatchedCustomBuckets("aggregation"), context.where);
    if (floats) {
      context.annotations.Warn(remark::MixedFloatsHistogramsAggregation(), context.where);
      return {};
    }
    if (failed_) return {};
    if (sum_->reset_collision()) context.annotations.Warn(remark::CounterResetCollision("aggregation"), context.where);
    return Point::Of(sum_->Result());
  }

 private:
  std::unique_ptr<HistogramSum> sum_;
  bool failed_ = false;
};

struct SumCell {
  CompensatedSum sum;
  HistogramPart histograms;
  bool floats = false;
  void Add(double value, CellContext&) {
    if (histograms.failed()) return;
    if (!floats) sum.sum = value;
    if (floats) sum.Add(value);
    floats = true;
  }
  void Add(const store::HistogramPtr& histogram, CellContext& context) { histograms.Add(histogram, context); }
  Point Finish(CellContext& context) {
    if (histograms.any()) return histograms.Finish(floats, context);
    return Point::Number(sum.sum + sum.lost);
  }
};

struct AvgCell {
  CompensatedMean mean;
  HistogramPart histograms;
  void Add(double value, CellContext&) {
    if (!histograms.failed()) mean.Add(value);
  }
  void Add(const store::HistogramPtr& histogram, CellContext& context) { histograms.Add(histogram, context); }
  Point Finish(CellContext& context) {
    if (histograms.any()) return histograms.Finish(mean.count() > 0, context);
    return Point::Number(mean.mean());
  }
};

struct CountCell {
  double count = 0;
  void Add(double, CellContext&) { count += 1; }
  void Add(const store::HistogramPtr&, CellContext&) { count += 1; }
  Point Finish(CellContext&) const { return Point::Number(count); }
};

struct GroupCell {
  void Add(double, CellContext&) {}
  void Add(const store::HistogramPtr&, CellContext&) {}
  Point Finish(CellContext&) const { return Point::Number(1); }
};

template <class Better>
struct ExtremeCell {
  double best = 0;
  bool any = false;
  void Add(double value, CellContext&) {
    if (!any || Better()(value, best) || std::isnan(best)) best = value;
    any = true;
  }
  void Add(const store::HistogramPtr&, CellContext& context) { context.Ignored(); }
  Point Finish(CellContext&) const { return any ? Point::Number(best) : Point(); }
};

template <bool kDeviation>
struct VarianceCell {
  double mean = 0;
  double squares = 0;
  double count = 0;
  void Add(double value, CellContext&) {
    count += 1;
    if (count == 1) {
      mean = value;
      squares = std::isfinite(value) ? 0 : std::numeric_limits<double>::quiet_NaN();
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  void Add(const store::HistogramPtr&, CellContext& context) { context.Ignored(); }
  Point Finish(CellContext&) const {
    if (count == 0) return {};
    return Point::Number(kDeviation ? std::sqrt(squares / count) : squares / count);
  }
};

struct QuantileCell {
  std::vector<double> values;
  void Add(double value, CellContext&) { values.push_back(value); }
  void Add(const store::HistogramPtr&, CellContext& context) { context.Ignored(); }
  Point Finish(CellContext& context) {
    return values.empty() ? Point() : Point::Number(Quantile(context.parameter, values));
  }
};

template <class Cell>
base::Result<Columns> Fold(const AggregateInput& input) {
  const Columns& columns = input.columns;
  const size_t steps = columns.steps();
  const Grouping groups = GroupRows(columns, input.aggregate);
  CellContext context{input.evaluator.annotations(), input.aggregate.expr->range, ToString(input.aggregate.op), 0, {}};
  std::vector<Cell> cells(groups.size() * steps);
  Columns out(steps);
  out.Reserve(groups.size());
  for (const base::Labels& labels : groups.labels) out.Add(labels);
  for (size_t row = 0; row < columns.size(); ++row) {
    if (row % 1024 == 0) TRY_VOID(input.evaluator.Interrupted());
    const size_t group = groups.group_of[row];
    context.metric = columns.row(row).labels.MetricName();
    out.row(group).drop_name |= columns.row(row).drop_name;
    const auto presence = columns.presence(row);
    const auto values = columns.values(row);
    const auto seen = out.presence(group);
    Cell* const cell = cells.data() + group * steps;
    for (size_t step = 0; step < steps; ++step) {
      if (presence[step] == Presence::none) continue;
      seen[step] = Presence::number;
      if (presence[step] == Presence::number) {
        cell[step].Add(values[step], context);
      } else {
        cell[step].Add(columns.histogram(row, step), context);
      }
    }
  }
  for (size_t group = 0; group < out.size(); ++group) {
    for (size_t step = 0; step < steps; ++step) {
      if (out.presence(group)[step] == Presence::none) continue;
      if (input.parameter != nullptr) context.parameter = input.parameter->values(0)[step];
      out.Set(group, step, cells[group * steps + step].Finish(context));
    }
  }
  out.DropEmptyRows();
  return out;
}

void RemarkQuantiles(const AggregateInput& input) {
  if (input.parameter == nullptr) return;
  const auto quantiles = input.parameter->values(0);
  const SourceRange& where = input.aggregate.parameter->range;
  const auto [least, greatest] = std::ranges::minmax_element(quantiles);
  AnnotationSet& annotations = input.evaluator.annotations();
  if (std::ranges::any_of(quantiles, [](double q) { return std::isnan(q); })) {
    annotations.Warn(remark::InvalidQuantile(std::numeric_limits<double>::quiet_NaN()), where);
  }
  if (*greatest > 1) annotations.Warn(remark::InvalidQuantile(*greatest), where);
  if (*least < 0) annotations.Warn(remark::InvalidQuantile(*least), where);
}

struct Greater {
  bool operator()(double a, double b) const { return a > b; }
};
struct Less {
  bool operator()(double a, double b) const { return a < b; }
};

base::Result<Columns> Dispatch(const AggregateInput& input) {
  switch (input.aggregate.op) {
    case AggregateOp::sum:
      return Fold<SumCell>(input);
    case AggregateOp::avg:
      return Fold<AvgCell>(input);
    case AggregateOp::count:
      return Fold<CountCell>(input);
    case AggregateOp::group:
      return Fold<GroupCell>(input);
    case AggregateOp::min:
      return Fold<ExtremeCell<Less>>(input);
    case AggregateOp::max:
      return Fold<ExtremeCell<Greater>>(input);
    case AggregateOp::stddev:
      return Fold<VarianceCell<true>>(input);
    case AggregateOp::stdvar:
      return Fold<VarianceCell<false>>(input);
    case AggregateOp::quantile:
      RemarkQuantiles(input);
      return Fold<QuantileCell>(input);
    case AggregateOp::topk:
    case AggregateOp::bottomk:
      return AggregateK(input);
    case AggregateOp::limitk:
    case AggregateOp::limit_ratio:
      return AggregateLimit(input);
    case AggregateOp::count_values:
      return AggregateCountValues(input);
  }
  return base::Fail(base::ErrorCode::internal, "unknown aggregation");
}

}  // namespace

base::Labels GroupLabels(const base::Labels& labels, const std::vector<std::string>& grouping, bool without) {
  if (!without) return grouping.empty() ? base::Labels() : labels.Keep(grouping);
  std::vector<std::string> dropped = grouping;
  dropped.emplace_back(base::kMetricName);
  return labels.Drop(dropped);
}

Grouping GroupRows(const Columns& input, const Aggregate& aggregate) {
  Grouping groups;
  groups.group_of.reserve(input.size());
  std::unordered_map<base::Labels, size_t, base::LabelsHash> numbers;
  for (size_t row = 0; row < input.size(); ++row) {
    base::Labels labels = GroupLabels(input.row(row).labels, aggregate.grouping, aggregate.without);
    const auto [at, inserted] = numbers.try_emplace(labels, groups.size());
    if (inserted) groups.labels.push_back(std::move(labels));
    groups.group_of.push_back(at->second);
  }
  return groups;
}

base::Result<Columns> Evaluator::EvaluateAggregate(const Aggregate& aggregate, const Expr& expr) {
  std::optional<Columns> parameter;
  if (aggregate.parameter && TypeOf(*aggregate.parameter) == ValueType::scalar) {
    TRY(parameter, Evaluate(*aggregate.parameter));
  }
  TRY(const Columns input, Evaluate(*aggregate.expr));
  return Dispatch({*this, aggregate, expr.range, input, parameter ? &*parameter : nullptr});
}

}  // namespace promql
