#include <algorithm>
#include <utility>

#include "promql/evaluator.h"
#include "promql/sample_count.h"

// A subquery evaluates its expression at steps of its own, which are multiples of its interval since the epoch, and
// hands the results on as if they were samples.

namespace promql {
namespace {

base::Timestamp FirstStepAfter(base::Timestamp time, base::Duration interval) {
  const int64_t milliseconds = time.time_since_epoch().count();
  int64_t first = milliseconds / interval.count() * interval.count();
  if (first <= milliseconds) first += interval.count();
  return base::Timestamp(base::Duration(first));
}

// Whether a counter was reset between two results says nothing about the samples they were made from.
store::HistogramPtr ForgetReset(const store::HistogramPtr& histogram) {
  using Hint = base::CounterResetHint;
  if (histogram->counter_reset_hint != Hint::reset && histogram->counter_reset_hint != Hint::not_reset)
    return histogram;
  auto copy = std::make_shared<base::FloatHistogram>(*histogram);
  copy->counter_reset_hint = Hint::unknown;
  return copy;
}

void LoadRow(const Columns& columns, const Steps& steps, size_t row, RangeSeries& into) {
  into.labels = columns.row(row).labels;
  into.drop_name = columns.row(row).drop_name;
  for (size_t step = 0; step < columns.steps(); ++step) {
    switch (columns.presence(row)[step]) {
      case Presence::none:
        break;
      case Presence::number:
        into.times.push_back(steps.At(step));
        into.values.push_back(columns.values(row)[step]);
        break;
      case Presence::histogram:
        into.histogram_times.push_back(steps.At(step));
        into.histograms.push_back(ForgetReset(columns.histogram(row, step)));
        break;
    }
  }
}

}  // namespace

base::Result<RangeInput> Evaluator::EvaluateSubquery(const Subquery& subquery) {
  TRY(const Lookup lookup, ResolveLookup(subquery.modifiers));
  RangeInput input;
  TRY(input.range, ResolveDuration(subquery.range, false));
  input.first_end = lookup.first;
  input.end_interval = lookup.interval;
  base::Duration interval = query_.options.no_step_subquery_interval;
  if (subquery.step.expr || subquery.step.fixed.count() != 0) {
    TRY(interval, ResolveDuration(subquery.step, false));
  }
  interval = std::max(interval, base::Duration(1));
  const base::Timestamp last = lookup.At(steps_.count - 1);
  const base::Timestamp first = FirstStepAfter(lookup.first - input.range, interval);
  if (last < first) return input;
  const Steps inner{first, interval, static_cast<size_t>((last - first) / interval) + 1};
  Evaluator evaluator(query_, inner, true);
  // what its expression reads is counted as what the function around it sees
  const bool counting = std::exchange(query_.counter.on, false);
  base::Result<Columns> evaluated = evaluator.Evaluate(*subquery.expr);
  query_.counter.on = counting;
  TRY(Columns columns, std::move(evaluated));
  input.size = columns.size();
  input.load = [columns = std::make_shared<const Columns>(std::move(columns)), inner](size_t row, RangeSeries& into) {
    LoadRow(*columns, inner, row, into);
  };
  CountWindows(query_.counter, steps_.count, input);
  return input;
}

}  // namespace promql
