#include <algorithm>
#include <array>

#include "promql/absent.h"
#include "promql/evaluator.h"

// Functions of range vectors: each series is decoded once, then a window moves over it with the steps.

namespace promql {
namespace {

void AppendSamples(const store::Samples& samples, RangeSeries& into) {
  const bool histograms = !samples.histograms.empty();
  const bool starts = !samples.start_times.empty();
  into.times.reserve(samples.size());
  into.values.reserve(samples.size());
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

bool HaveOneName(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const base::Matcher& matcher) {
    return matcher.type() == base::MatchType::equal && matcher.name() == base::kMetricName;
  });
}

// Labels that go with the name; they stand right after it.
bool HasTypeOrUnit(const std::shared_ptr<const store::Series>& series) {
  for (const base::Label& label : series->labels()) {
    if (label.name > "__unit__") return false;
    if (label.name == "__type__" || label.name == "__unit__") return true;
  }
  return false;
}

bool NeverFalls(const std::vector<double>& values) {
  return std::ranges::adjacent_find(values, [](double before, double after) { return after < before; }) == values.end();
}

// Whether the name of a function's input stays its result's name.
bool KeepsName(std::string_view function) { return function == "last_over_time" || function == "first_over_time"; }

bool MayUseStartTimes(std::string_view function) {
  return function == "rate" || function == "irate" || function == "increase" || function == "resets";
}

bool LooksLikeCounter(std::string_view metric) {
  constexpr std::array<std::string_view, 4> kEndings = {"_total", "_sum", "_count", "_bucket"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return metric.ends_with(ending); });
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

// One call over all series of its range vector.
class RangeCall {
 public:
  RangeCall(Evaluator& evaluator, const Call& call, const RangeInput& input)
      : evaluator_(evaluator), call_(call), input_(input), name_(call.function->name) {}

  base::Result<Columns> Run() {
    const RangeFunction function = FindRangeFunction(name_);
    TRY_VOID(CheckExtension(input_.extension, name_));
    TRY_VOID(EvaluateParameters());
    Columns columns(evaluator_.steps().count);
    TRY_VOID(evaluator_.Room(input_.size, columns.steps()));
    columns.Reserve(input_.size);
    RangeSeries series;
    for (size_t i = 0; i < input_.size; ++i) {
      TRY_VOID(evaluator_.Interrupted());
      series.Clear();
      input_.load(i, series);
      if (series.times.empty() && series.histogram_times.empty()) continue;
      TRY_VOID(RunSeries(function, series, columns));
    }
    return columns;
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

  base::Result<void> RunSeries(RangeFunction function, const RangeSeries& series, Columns& columns) {
    const Steps& steps = evaluator_.steps();
    RangeContext context{
        series.labels, call_.arguments[0]->range, evaluator_.annotations(), input_.range, input_.extension, {}, {}};
    const bool drop_name = series.drop_name || !KeepsName(name_);
    const size_t row = columns.Add(
        drop_name && !evaluator_.delayed_names() ? DropMetricLabels(series.labels) : series.labels, drop_name);
    WindowCursor floats(series.times), histograms(series.histogram_times);
    const bool starts = MayUseStartTimes(name_);
    // a fixed window gives every step the same, unless the function looks at the clock or its other arguments
    const bool repeats = input_.end_interval.count() == 0 && parameters_.empty();
    // looked at once where windows overlap
    const bool rising = steps.count > 1 && NeverFalls(series.values);
    bool any_float = false, any = false;
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
                    steps.At(step),
                    rising};
      if (starts) window.start_times = floats.Cut(series.start_times);
      if (starts) window.histogram_start_times = histograms.Cut(series.histogram_start_times);
      if (window.empty()) continue;
      for (size_t i = 0; i < parameters_.size(); ++i) context.parameters[i] = parameters_[i].values(0)[step];
      const Point point = function(window, context);
      if (!context.failure.empty()) return base::Invalid(context.failure);
      if (!point.present()) continue;
      any = true;
      if (point.presence == Presence::number) {
        any_float = true;
        columns.SetNumber(row, step, point.value);
      } else {
        columns.Set(row, step, point);
      }
    }
    if (!any) {
      columns.RemoveLast();
      return {};
    }
    if (any_float) RemarkNonCounter(series.labels.MetricName());
    return {};
  }

  void RemarkNonCounter(std::string_view metric) {
    if ((name_ != "rate" && name_ != "increase") || metric.empty() || LooksLikeCounter(metric)) return;
    evaluator_.annotations().Inform(remark::PossibleNonCounter(metric), call_.arguments[0]->range);
  }

  Evaluator& evaluator_;
  const Call& call_;
  const RangeInput& input_;
  std::string_view name_;
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

base::Result<Columns> Evaluator::EvaluateRangeCall(const Call& call, const Expr&) {
  const auto argument =
      std::ranges::find_if(call.arguments, [](const ExprPtr& a) { return TypeOf(*a) == ValueType::matrix; });
  const int64_t held_before = query_.held;
  TRY(const RangeInput input, EvaluateRange(**argument));
  TRY(Columns columns, RangeCall(*this, call, input).Run());
  query_.held = held_before;
  if (call.function->name == "absent_over_time") return AbsentOverTime(columns, **argument);
  if (!delayed_names() && !input.distinct_without_name) TRY_VOID(MergeEqualRows(columns));
  return columns;
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
  input.distinct_without_name = HaveOneName(selector) && std::ranges::none_of(series, HasTypeOrUnit);
  input.load = [this, series = std::move(series), range, buffer = std::make_shared<store::Samples>()](
                   size_t index, RangeSeries& into) {
    ReadSamples(*series[index], range, *buffer);
    into.labels = series[index]->labels();
    AppendSamples(*buffer, into);
  };
  return input;
}

}  // namespace promql
