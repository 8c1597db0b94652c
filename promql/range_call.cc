#include <algorithm>
#include <optional>

#include "promql/absent.h"
#include "promql/evaluator.h"
#include "promql/histogram_math.h"
#include "promql/metric_names.h"
#include "promql/rate_row.h"
#include "promql/sample_count.h"

// Functions of range vectors: each series is decoded once, then a window moves over it with the steps.

namespace promql {
namespace {

// Takes what `into.read` holds apart; staleness markers go.
void TakeSamples(RangeSeries& into) {
  store::Samples& samples = into.read;
  const bool histograms = !samples.histograms.empty();
  const bool starts = !samples.start_times.empty();
  if (!histograms && !starts && std::ranges::none_of(samples.values, store::IsStale)) {
    into.times.swap(samples.times);
    into.values.swap(samples.values);
    return;
  }
  for (size_t i = 0; i < samples.size(); ++i) {
    if (histograms && samples.histograms[i]) {
      if (store::IsStale(samples.histograms[i]->sum)) continue;
      into.histogram_times.push_back(samples.times[i]);
      into.histograms.push_back(samples.histograms[i]);
      if (starts) into.histogram_start_times.push_back(samples.start_times[i]);
    } else if (!store::IsStale(samples.values[i])) {
      into.times.push_back(samples.times[i]);
      into.values.push_back(samples.values[i]);
      if (starts) into.start_times.push_back(samples.start_times[i]);
    }
  }
}

// Moves two indexes over sorted times: the samples within (from, to].
class WindowCursor {
 public:
  explicit WindowCursor(std::span<const base::Timestamp> times) : times_(times) {}

  void Move(base::Timestamp from, base::Timestamp to) {
    while (end_ < times_.size() && times_[end_] <= to) ++end_;
    while (begin_ < end_ && times_[begin_] <= from) ++begin_;
  }
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  size_t size() const { return end_ - begin_; }
  template <class T>
  std::span<const T> Cut(const std::vector<T>& column) const {
    if (column.empty()) return {};
    return std::span(column).subspan(begin_, end_ - begin_);
  }

 private:
  std::span<const base::Timestamp> times_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

std::optional<RateKind> RateKindOf(std::string_view function) {
  if (function == "rate") return RateKind{.counter = true, .per_second = true};
  if (function == "increase") return RateKind{.counter = true, .per_second = false};
  if (function == "delta") return RateKind{.counter = false, .per_second = false};
  return std::nullopt;
}

bool MayUseStartTimes(std::string_view function) {
  return function == "rate" || function == "irate" || function == "increase" || function == "resets";
}

constexpr std::string_view kAnchoredFunctions = "changes, delta, increase, rate, resets";
constexpr std::string_view kSmoothedFunctions = "delta, increase, rate";

base::Result<void> CheckExtension(Extension extension, std::string_view function) {
  if (extension == Extension::none) return {};
  const bool anchored = extension == Extension::anchored;
  const std::string_view allowed = anchored ? kAnchoredFunctions : kSmoothedFunctions;
  for (size_t at = 0; at < allowed.size();) {
    const size_t end = std::min(allowed.find(", ", at), allowed.size());
    if (allowed.substr(at, end - at) == function) return {};
    at = end + 2;
  }
  return base::Invalid(std::string(anchored ? "anchored" : "smoothed") + " modifier can only be used with: " +
                       std::string(allowed) + " - not with " + std::string(function));
}

// The position of remarks: the first argument, or the start of the query if the argument is a subquery.
SourceRange PlaceOfRemarks(const Call& call) {
  const Expr& first = *call.arguments[0];
  return As<Subquery>(Unwrap(first)) != nullptr ? SourceRange{} : first.range;
}

// One call over all series of its range vector.
class RangeCall {
 public:
  RangeCall(Evaluator& evaluator, const Call& call, const RangeInput& input)
      : evaluator_(evaluator),
        call_(call),
        input_(input),
        name_(call.function->name),
        function_(FindRangeFunction(name_)),
        rate_(input.extension == Extension::none ? RateKindOf(name_) : std::nullopt),
        where_(PlaceOfRemarks(call)) {}

  base::Result<void> Run(const Evaluator::TakeRows& take) {
    TRY_VOID(CheckExtension(input_.extension, name_));
    TRY_VOID(EvaluateParameters());
    TRY_VOID(evaluator_.Room(input_.size, evaluator_.steps().count));
    return evaluator_.InBlocks(
        input_.size, [this](size_t first, size_t last, RowBlock& block) { return RunBlock(first, last, block); }, take);
  }

 private:
  base::Result<void> EvaluateParameters() {
    for (const ExprPtr& argument : call_.arguments) {
      if (TypeOf(*argument) != ValueType::scalar) continue;
      TRY(Columns parameter, evaluator_.Evaluate(*argument));
      parameters_.push_back(std::move(parameter));
    }
    return {};
  }

  base::Result<void> RunBlock(size_t first, size_t last, RowBlock& block) const {
    RangeSeries series;
    RateRow rates(input_, evaluator_.steps().count, rate_.value_or(RateKind{}));
    for (size_t i = first; i < last; ++i) {
      TRY_VOID(evaluator_.Interrupted());
      series.Clear();
      input_.load(i, series);
      if (series.times.empty() && series.histogram_times.empty()) continue;
      const bool drop_name = series.drop_name || !KeepsName(name_);
      TRY_VOID(RoomForWindows(series));
      Columns& columns = block.columns;
      const size_t row = columns.Add(
          drop_name && !evaluator_.delayed_names() ? DropMetricLabels(series.labels) : series.labels, drop_name);
      Found found;
      if (rate_ && series.only_floats()) {
        found.any = found.numbers = rates.Run(series.times, series.values, columns.values(row), columns.presence(row));
      } else {
        TRY(found, RunWindows(series, row, block));
      }
      if (!found.any) columns.RemoveLast();
      if (found.numbers) RemarkNonCounter(series.labels.MetricName(), block.annotations);
    }
    return {};
  }

  // Checks that the largest window fits into the limit of samples.
  base::Result<void> RoomForWindows(const RangeSeries& series) const {
    const auto numbers = static_cast<int64_t>(series.times.size());
    if (series.histograms.empty() && evaluator_.RoomFor(numbers)) return {};
    std::vector<int64_t> costs;  // up to each histogram

    costs.push_back(0);
    for (const store::HistogramPtr& histogram : series.histograms) {
      costs.push_back(costs.back() + SampleCost(*histogram));
    }
    // fast path: the whole series fits
    if (evaluator_.RoomFor(numbers + costs.back())) return {};
    WindowCursor floats(series.times), histograms(series.histogram_times);
    const size_t steps = input_.end_interval.count() == 0 ? 1 : evaluator_.steps().count;
    for (size_t step = 0; step < steps; ++step) {
      const base::Timestamp end = input_.first_end + input_.end_interval * static_cast<int64_t>(step);
      floats.Move(end - input_.range - input_.before, end + input_.after);
      histograms.Move(end - input_.range - input_.before, end + input_.after);
      TRY_VOID(evaluator_.RoomFor(static_cast<int64_t>(floats.size()) + costs[histograms.end()] -
                                  costs[histograms.begin()]));
    }
    return {};
  }

  struct Found {
    bool any = false;
    bool numbers = false;
  };
  base::Result<Found> RunWindows(const RangeSeries& series, size_t row, RowBlock& block) const {
    const Steps& steps = evaluator_.steps();
    Columns& columns = block.columns;
    RangeContext context{series.labels, where_, block.annotations, input_.range, input_.extension, {}, {}};
    WindowCursor floats(series.times), histograms(series.histogram_times);
    const bool starts = MayUseStartTimes(name_);
    // a fixed window gives every step the same, unless the function looks at the clock or its other arguments
    const bool repeats = input_.end_interval.count() == 0 && parameters_.empty();
    Found found;
    for (size_t step = 0; step < steps.count; ++step) {
      if (repeats && step > 0) {
        columns.Set(row, step, columns.at(row, 0));
        continue;
      }
      const base::Timestamp end = input_.first_end + input_.end_interval * static_cast<int64_t>(step);
      const base::Timestamp start = end - input_.range;
      floats.Move(start - input_.before, end + input_.after);
      histograms.Move(start - input_.before, end + input_.after);
      Window window{floats.Cut(series.times),
                    floats.Cut(series.values),
                    histograms.Cut(series.histogram_times),
                    histograms.Cut(series.histograms),
                    {},
                    {},
                    start,
                    end,
                    steps.At(step)};
      if (starts) window.start_times = floats.Cut(series.start_times);
      if (starts) window.histogram_start_times = histograms.Cut(series.histogram_start_times);
      if (window.empty()) continue;
      for (size_t i = 0; i < parameters_.size(); ++i) context.parameters[i] = parameters_[i].values(0)[step];
      const Point point = function_(window, context);
      if (!context.failure.empty()) return base::Invalid(context.failure);
      found.any = found.any || point.present();
      found.numbers = found.numbers || point.presence == Presence::number;
      if (point.presence == Presence::number) {
        columns.SetNumber(row, step, point.value);
      } else if (point.present()) {
        columns.Set(row, step, point);
      }
    }
    return found;
  }

  void RemarkNonCounter(std::string_view metric, AnnotationSet& annotations) const {
    if ((name_ != "rate" && name_ != "increase") || metric.empty() || LooksLikeCounter(metric)) return;
    annotations.Inform(remark::PossibleNonCounter(metric), where_);
  }

  Evaluator& evaluator_;
  const Call& call_;
  const RangeInput& input_;
  std::string_view name_;
  RangeFunction function_;
  std::optional<RateKind> rate_;  // where RateRow can do it
  SourceRange where_;
  std::vector<Columns> parameters_;
};

Columns AbsentOverTime(const Columns& present, const Expr& argument) {
  Columns columns(present.steps());
  const size_t row = columns.Add(LabelsOfAbsent(argument), true);
  for (size_t step = 0; step < columns.steps(); ++step) {
    bool found = false;
    for (size_t i = 0; i < present.size() && !found; ++i) found = present.presence(i)[step] != Presence::none;
    if (!found) columns.SetNumber(row, step, 1);
  }
  columns.DropEmptyRows();
  return columns;
}

}  // namespace

void RangeSeries::Clear() {
  drop_name = false;
  times.clear();
  values.clear();
  histogram_times.clear();
  histograms.clear();
  start_times.clear();
  histogram_start_times.clear();
}

base::Result<Columns> Evaluator::EvaluateRangeCall(const Call& call) {
  Columns columns(steps_.count);
  TRY_VOID(RangeCallRows(call, [&columns](Columns rows) {
    columns.Append(std::move(rows));
    return base::Result<void>();
  }));
  return columns;
}

base::Result<void> Evaluator::RangeCallRows(const Call& call, const TakeRows& take) {
  const auto argument =
      std::ranges::find_if(call.arguments, [](const ExprPtr& a) { return TypeOf(*a) == ValueType::matrix; });
  const int64_t held_before = query_.held;
  TRY(const RangeInput input, EvaluateRange(**argument));
  RangeCall range_call(*this, call, input);
  const bool absent = call.function->name == "absent_over_time";
  const bool distinct = delayed_names() || input.distinct_without_name;
  if (distinct && !absent) {
    TRY_VOID(range_call.Run(take));
    query_.held = held_before;
    return {};
  }
  Columns columns(steps_.count);
  TRY_VOID(range_call.Run([&columns](Columns rows) {
    columns.Append(std::move(rows));
    return base::Result<void>();
  }));
  query_.held = held_before;
  if (absent) {
    columns = AbsentOverTime(columns, **argument);
  } else {
    TRY_VOID(MergeEqualRows(columns));
  }
  return take(std::move(columns));
}

base::Result<RangeInput> Evaluator::EvaluateRange(const Expr& expr) {
  const Expr& inner = Unwrap(expr);
  if (const auto* matrix = As<MatrixSelector>(inner)) return EvaluateMatrixSelector(*matrix);
  if (const auto* subquery = As<Subquery>(inner)) return EvaluateSubquery(*subquery);
  return base::Fail(base::ErrorCode::internal, "a range vector is expected");
}

base::Result<RangeInput> Evaluator::EvaluateMatrixSelector(const MatrixSelector& matrix) {
  const VectorSelector& selector = matrix.selector;
  TRY(const Lookup lookup, ResolveLookup(selector.modifiers));
  RangeInput input;
  TRY(input.range, ResolveDuration(matrix.range, false));
  input.first_end = lookup.first;
  input.end_interval = lookup.interval;
  const base::Duration lookback = query_.options.lookback;
  if (selector.anchored || selector.smoothed) input.before = lookback;
  if (selector.smoothed) input.after = lookback;
  if (selector.anchored) input.extension = Extension::anchored;
  if (selector.smoothed) input.extension = Extension::smoothed;
  const store::TimeRange range{lookup.first - input.range - input.before, lookup.At(steps_.count - 1) + input.after};
  TRY(auto series, SelectSeries(selector.matchers, range.min, range.max));
  input.size = series.size();
  input.distinct_without_name =
      HaveOneName(selector) && std::ranges::none_of(series, [](const auto& one) { return HasTypeOrUnit(*one); });
  input.load = [this, series = std::move(series), range](size_t index, RangeSeries& into) {
    ReadSamples(*series[index], range, into.read);
    into.labels = series[index]->labels();
    TakeSamples(into);
  };
  CountWindows(query_.counter, steps_.count, input);
  return input;
}

}  // namespace promql
