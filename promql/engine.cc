#include "promql/engine.h"

#include <algorithm>
#include <numeric>

#include "promql/evaluator.h"
#include "promql/histogram_math.h"

namespace promql {
namespace {

// The names that delayed removal kept until here go now.
base::Result<void> RemoveDelayedNames(const Evaluator& evaluator, Columns& columns) {
  if (!evaluator.delayed_names()) return {};
  for (size_t row = 0; row < columns.size(); ++row) {
    if (columns.row(row).drop_name) columns.row(row).labels = DropMetricLabels(columns.row(row).labels);
  }
  return evaluator.MergeEqualRows(columns);
}

Vector ToVector(const Columns& columns, base::Timestamp time) {
  Vector vector;
  vector.reserve(columns.size());
  for (size_t row = 0; row < columns.size(); ++row) {
    Point point = columns.at(row, 0);
    if (point.present()) vector.push_back({columns.row(row).labels, time, point.value, std::move(point.histogram)});
  }
  return vector;
}

void AppendSample(store::Samples& samples, base::Timestamp time, const Point& point) {
  samples.times.push_back(time);
  samples.values.push_back(point.value);
  if (point.histogram && samples.histograms.empty()) samples.histograms.resize(samples.times.size() - 1);
  if (point.histogram || !samples.histograms.empty()) samples.histograms.push_back(point.histogram);
}

// A row without histograms, which is what most are.
void AppendNumbers(store::Samples& samples, const Steps& steps, std::span<const double> values,
                   std::span<const Presence> presence) {
  samples.times.reserve(steps.count);
  samples.values.reserve(steps.count);
  for (size_t step = 0; step < steps.count; ++step) {
    if (presence[step] == Presence::none) continue;
    samples.times.push_back(steps.At(step));
    samples.values.push_back(values[step]);
  }
}

Matrix ToMatrix(const Columns& columns, const Steps& steps) {
  Matrix matrix;
  matrix.reserve(columns.size());
  for (size_t row = 0; row < columns.size(); ++row) {
    MatrixSeries series;
    series.labels = columns.row(row).labels;
    if (!columns.has_histograms()) {
      AppendNumbers(series.samples, steps, columns.values(row), columns.presence(row));
    }
    for (size_t step = 0; columns.has_histograms() && step < steps.count; ++step) {
      const Point point = columns.at(row, step);
      if (point.present()) AppendSample(series.samples, steps.At(step), point);
    }
    if (!series.samples.empty()) matrix.push_back(std::move(series));
  }
  return matrix;
}

void SortByLabels(Matrix& matrix) {
  std::ranges::sort(matrix, [](const MatrixSeries& a, const MatrixSeries& b) { return a.labels < b.labels; });
}

int64_t SampleCost(const store::Samples& samples) {
  auto cost = static_cast<int64_t>(samples.times.size());
  for (const store::HistogramPtr& histogram : samples.histograms) {
    if (histogram) cost += promql::SampleCost(*histogram) - 1;
  }
  return cost;
}

// A range vector as the result of an instant query: the samples as they are.
base::Result<Matrix> RangeVector(Evaluator& evaluator, const Expr& expr) {
  TRY(const RangeInput input, evaluator.EvaluateRange(expr));
  Matrix matrix;
  int64_t cost = 0;
  RangeSeries series;
  for (size_t i = 0; i < input.size; ++i) {
    series.Clear();
    input.load(i, series);
    MatrixSeries out;
    out.labels = series.drop_name && evaluator.delayed_names() ? DropMetricLabels(series.labels) : series.labels;
    size_t number = 0, histogram = 0;
    const auto within = [&](base::Timestamp time) {
      return time > input.first_end - input.range && time <= input.first_end;
    };
    while (number < series.times.size() || histogram < series.histograms.size()) {
      const bool is_number =
          histogram >= series.histograms.size() ||
          (number < series.times.size() && series.times[number] <= series.histogram_times[histogram]);
      const base::Timestamp time = is_number ? series.times[number] : series.histogram_times[histogram];
      const Point point = is_number ? Point::Number(series.values[number]) : Point::Of(series.histograms[histogram]);
      ++(is_number ? number : histogram);
      if (within(time)) AppendSample(out.samples, time, point);
    }
    cost += SampleCost(out.samples);
    TRY_VOID(evaluator.RoomFor(cost));
    if (!out.samples.empty()) matrix.push_back(std::move(out));
  }
  SortByLabels(matrix);
  return matrix;
}

QueryState NewQuery(const EngineOptions& options, const store::Querier& querier, std::stop_token stop,
                    base::Timestamp start, base::Timestamp end, base::Duration step) {
  return QueryState{options,
                    querier,
                    std::move(stop),
                    std::chrono::steady_clock::now() + options.timeout,
                    start,
                    end,
                    step,
                    {},
                    0,
                    {.on = options.count_samples}};
}

SampleCounts CountsOf(const QueryState& query) {
  if (!query.options.count_samples) return {};
  return {query.counter.total, query.counter.peak};
}

}  // namespace

Engine::Engine(EngineOptions options) : options_(options) {}

base::Result<QueryResult> Engine::Instant(const Expr& expr, base::Timestamp time, const store::Querier& querier,
                                          std::stop_token stop) const {
  QueryState query = NewQuery(options_, querier, std::move(stop), time, time, base::Duration(0));
  const Steps steps{time};
  Evaluator evaluator(query, steps);
  QueryResult result;
  const ValueType type = TypeOf(expr);
  if (type == ValueType::string) {
    result.value = String{time, As<StringLiteral>(Unwrap(expr))->value};
    return result;
  }
  if (type == ValueType::matrix) {
    TRY(result.value, RangeVector(evaluator, expr));
  } else {
    TRY(Columns columns, evaluator.Evaluate(expr));
    if (type == ValueType::scalar) {
      result.value = Scalar{time, columns.values(0)[0]};
    } else {
      TRY_VOID(RemoveDelayedNames(evaluator, columns));
      result.value = ToVector(columns, time);
    }
  }
  result.annotations = query.annotations.Finish();
  result.samples = CountsOf(query);
  return result;
}

base::Result<QueryResult> Engine::Range(const Expr& expr, base::Timestamp start, base::Timestamp end,
                                        base::Duration step, const store::Querier& querier,
                                        std::stop_token stop) const {
  const ValueType type = TypeOf(expr);
  if (type != ValueType::vector && type != ValueType::scalar) {
    return base::Invalid("invalid expression type \"" + std::string(DocumentedName(type)) +
                         "\" for range query, must be Scalar or instant Vector");
  }
  if (step.count() <= 0) return base::Invalid("the step of a range query must be positive");
  QueryResult result;
  if (end < start) {
    result.value = Matrix();
    return result;
  }
  QueryState query = NewQuery(options_, querier, std::move(stop), start, end, step);
  const Steps steps{start, step, static_cast<size_t>((end - start) / step) + 1};
  Evaluator evaluator(query, steps);
  TRY(Columns columns, evaluator.Evaluate(expr));
  TRY_VOID(RemoveDelayedNames(evaluator, columns));
  Matrix matrix = ToMatrix(columns, steps);
  SortByLabels(matrix);
  result.value = std::move(matrix);
  result.annotations = query.annotations.Finish();
  result.samples = CountsOf(query);
  return result;
}

}  // namespace promql
