#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_map>

#include "promql/aggregate_groups.h"
#include "promql/by_series.h"
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

// Takes the series in one after the other, so that none but the groups' cells need be kept.
template <class Cell>
class Fold {
 public:
  Fold(Evaluator& evaluator, const Aggregate& aggregate)
      : evaluator_(evaluator),
        steps_(evaluator.steps().count),
        groups_(aggregate),
        context_{remarks_, aggregate.expr->range, ToString(aggregate.op), 0, {}},
        out_(steps_) {}

  void Take(const Columns& rows) {
    for (size_t row = 0; row < rows.size(); ++row) {
      const Columns::Row& head = rows.row(row);
      const size_t group = groups_.NumberOf(head.labels);
      if (group == out_.size()) {
        out_.Add(groups_.labels().back());
        cells_.resize(out_.size() * steps_);
      }
      context_.metric = head.labels.MetricName();
      out_.row(group).drop_name |= head.drop_name;
      TakeRow(rows, row, group);
    }
  }

  // All there are, at the one step.
  void Take(const SeriesValues& values, const Grouping& known) {
    constexpr size_t kNone = std::numeric_limits<size_t>::max();
    std::vector<size_t> numbers(known.size(), kNone);
    for (const SeriesValues::Element& element : values.elements()) {
      size_t& group = numbers[known.group_of[element.series]];
      if (group == kNone) {
        group = out_.Add(known.labels[known.group_of[element.series]], values.nameless());
        out_.presence(group)[0] = Presence::number;
        cells_.emplace_back();
      }
      cells_[group].Add(element.value, context_);
    }
  }

  Columns Finish(const Columns* parameter) {
    for (size_t group = 0; group < out_.size(); ++group) {
      for (size_t step = 0; step < steps_; ++step) {
        if (out_.presence(group)[step] == Presence::none) continue;
        if (parameter != nullptr) context_.parameter = parameter->values(0)[step];
        out_.Set(group, step, cells_[group * steps_ + step].Finish(context_));
      }
    }
    out_.DropEmptyRows();
    evaluator_.annotations().Merge(std::move(remarks_));  // after those of the series
    return std::move(out_);
  }

 private:
  void TakeRow(const Columns& rows, size_t row, size_t group) {
    const auto presence = rows.presence(row);
    const auto values = rows.values(row);
    const auto seen = out_.presence(group);
    Cell* const cell = cells_.data() + group * steps_;
    for (size_t step = 0; step < steps_; ++step) {
      if (presence[step] == Presence::none) continue;
      seen[step] = Presence::number;
      if (presence[step] == Presence::number) {
        cell[step].Add(values[step], context_);
      } else {
        cell[step].Add(rows.histogram(row, step), context_);
      }
    }
  }

  Evaluator& evaluator_;
  size_t steps_;
  Groups groups_;
  AnnotationSet remarks_;
  CellContext context_;
  std::vector<Cell> cells_;
  Columns out_;
};

void RemarkQuantiles(Evaluator& evaluator, const Aggregate& aggregate, const Columns& parameter) {
  const auto quantiles = parameter.values(0);
  const SourceRange& where = aggregate.parameter->range;
  const auto [least, greatest] = std::ranges::minmax_element(quantiles);
  AnnotationSet& annotations = evaluator.annotations();
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

template <class Cell>
base::Result<Columns> FoldRows(Evaluator& evaluator, const Aggregate& aggregate, const Columns* parameter) {
  Fold<Cell> fold(evaluator, aggregate);
  TRY(const auto values, evaluator.EvaluateBySeries(*aggregate.expr));
  if (values) {
    fold.Take(*values, *values->GroupsOf(aggregate));
  } else {
    TRY_VOID(evaluator.EvaluateRows(*aggregate.expr, [&fold](const Columns& rows) {
      fold.Take(rows);
      return base::Result<void>();
    }));
  }
  if (aggregate.op == AggregateOp::quantile && parameter != nullptr) RemarkQuantiles(evaluator, aggregate, *parameter);
  return fold.Finish(parameter);
}

using FoldFunction = base::Result<Columns> (*)(Evaluator& evaluator, const Aggregate& aggregate,
                                               const Columns* parameter);

// Null for what is not computed cell by cell.
FoldFunction FindFold(AggregateOp op) {
  switch (op) {
    case AggregateOp::sum:
      return FoldRows<SumCell>;
    case AggregateOp::avg:
      return FoldRows<AvgCell>;
    case AggregateOp::count:
      return FoldRows<CountCell>;
    case AggregateOp::group:
      return FoldRows<GroupCell>;
    case AggregateOp::min:
      return FoldRows<ExtremeCell<Less>>;
    case AggregateOp::max:
      return FoldRows<ExtremeCell<Greater>>;
    case AggregateOp::stddev:
      return FoldRows<VarianceCell<true>>;
    case AggregateOp::stdvar:
      return FoldRows<VarianceCell<false>>;
    case AggregateOp::quantile:
      return FoldRows<QuantileCell>;
    case AggregateOp::topk:
    case AggregateOp::bottomk:
    case AggregateOp::limitk:
    case AggregateOp::limit_ratio:
    case AggregateOp::count_values:
      return nullptr;
  }
  return nullptr;
}

base::Result<Columns> Choose(const AggregateInput& input) {
  switch (input.aggregate.op) {
    case AggregateOp::topk:
    case AggregateOp::bottomk:
      return AggregateK(input);
    case AggregateOp::limitk:
    case AggregateOp::limit_ratio:
      return AggregateLimit(input);
    case AggregateOp::count_values:
      return AggregateCountValues(input);
    default:
      return base::Fail(base::ErrorCode::internal, "unknown aggregation");
  }
}

}  // namespace

base::Labels GroupLabels(const base::Labels& labels, const std::vector<std::string>& grouping, bool without) {
  if (!without) return grouping.empty() ? base::Labels() : labels.Keep(grouping);
  std::vector<std::string> dropped = grouping;
  dropped.emplace_back(base::kMetricName);
  return labels.Drop(dropped);
}

size_t Groups::NumberOf(const base::Labels& labels) {
  base::Labels group = GroupLabels(labels, aggregate_.grouping, aggregate_.without);
  const auto [at, inserted] = numbers_.try_emplace(group, labels_.size());
  if (inserted) labels_.push_back(std::move(group));
  return at->second;
}

Grouping GroupRows(const Columns& input, const Aggregate& aggregate) {
  Groups groups(aggregate);
  Grouping grouping;
  grouping.group_of.reserve(input.size());
  for (size_t row = 0; row < input.size(); ++row) {
    grouping.group_of.push_back(groups.NumberOf(input.row(row).labels));
  }
  grouping.labels = std::move(groups).Take();
  return grouping;
}

base::Result<Columns> Evaluator::EvaluateAggregate(const Aggregate& aggregate, const Expr& expr) {
  std::optional<Columns> parameter;
  if (aggregate.parameter && TypeOf(*aggregate.parameter) == ValueType::scalar) {
    TRY(parameter, Evaluate(*aggregate.parameter));
  }
  const Columns* const at = parameter ? &*parameter : nullptr;
  if (const FoldFunction fold = FindFold(aggregate.op)) return fold(*this, aggregate, at);
  TRY(const Columns input, Evaluate(*aggregate.expr));
  return Choose({*this, aggregate, expr.range, input, at});
}

}  // namespace promql
