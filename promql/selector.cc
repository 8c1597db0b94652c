#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "promql/evaluator.h"
#include "promql/sample_count.h"
#include "promql/smoothing.h"

// Instant selectors: for each step the newest sample within the lookback window, which is open on the left. A
// staleness marker ends the series until its next sample.

namespace promql {
namespace {

using Kind = DurationExpr::Kind;

base::Result<double> DurationSeconds(const DurationExpr& expr, const QueryState& query) {
  const auto fail = [&](std::string_view why) {
    return base::Invalid(fmt::format("{}:{}: {}", expr.range.begin, expr.range.end, why));
  };
  double left = 0, right = 0;
  if (expr.left) {
    TRY(left, DurationSeconds(*expr.left, query));
  }
  if (expr.right) {
    TRY(right, DurationSeconds(*expr.right, query));
  }
  switch (expr.kind) {
    case Kind::number:
      return expr.number;
    case Kind::step:
      return base::ToSeconds(query.step);
    case Kind::range:
      return base::ToSeconds(query.end - query.start);
    case Kind::min_of:
      return std::min(left, right);
    case Kind::max_of:
      return std::max(left, right);
    case Kind::add:
      return left + right;
    case Kind::subtract:
      return left - right;
    case Kind::multiply:
      return left * right;
    case Kind::divide:
      return right == 0 ? base::Result<double>(fail("division by zero")) : left / right;
    case Kind::modulo:
      return right == 0 ? base::Result<double>(fail("modulo by zero")) : std::fmod(left, right);
    case Kind::power:
      return std::pow(left, right);
    case Kind::negate:
      return -left;
  }
  return 0.0;
}

// Walks a series' samples as the steps go on.
class LookbackCursor {
 public:
  LookbackCursor(const store::Samples& samples, base::Duration lookback) : samples_(samples), lookback_(lookback) {}

  // The index of the sample that counts at `time`, or nothing.
  std::optional<size_t> At(base::Timestamp time) {
    while (next_ < samples_.size() && samples_.times[next_] <= time) ++next_;
    if (next_ == 0) return std::nullopt;
    const size_t newest = next_ - 1;
    if (samples_.times[newest] <= time - lookback_) return std::nullopt;
    const bool histogram = !samples_.histograms.empty() && samples_.histograms[newest] != nullptr;
    const double mark = histogram ? samples_.histograms[newest]->sum : samples_.values[newest];
    return store::IsStale(mark) ? std::nullopt : std::optional(newest);
  }

 private:
  const store::Samples& samples_;
  base::Duration lookback_;
  size_t next_ = 0;
};

// What counts of a series of floats at each step; says whether anything does.
bool SelectNumbers(const store::Samples& samples, const Evaluator::Lookup& lookup, base::Duration lookback,
                   std::span<double> values, std::span<Presence> presence) {
  const size_t count = samples.size();
  bool any = false;
  size_t next = 0;
  for (size_t step = 0; step < values.size(); ++step) {
    const base::Timestamp time = lookup.At(step);
    while (next < count && samples.times[next] <= time) ++next;
    if (next == 0 || samples.times[next - 1] <= time - lookback || store::IsStale(samples.values[next - 1])) continue;
    values[step] = samples.values[next - 1];
    presence[step] = Presence::number;
    any = true;
  }
  return any;
}

Point SampleAt(const store::Samples& samples, size_t index) {
  if (!samples.histograms.empty() && samples.histograms[index]) return Point::Of(samples.histograms[index]);
  return Point::Number(samples.values[index]);
}

// What of a series' samples counts at each step.
struct RowSelection {
  const VectorSelector& selector;
  const SourceRange& where;
  Evaluator::Lookup lookup;
  base::Duration lookback;

  // Says whether anything does.
  bool Fill(const store::Samples& samples, size_t row, RowBlock& block) const {
    Columns& columns = block.columns;
    if (samples.histograms.empty() && !selector.smoothed) {
      return SelectNumbers(samples, lookup, lookback, columns.values(row), columns.presence(row));
    }
    LookbackCursor cursor(samples, lookback);
    bool any = false;
    for (size_t step = 0; step < columns.steps(); ++step) {
      const Point point = At(lookup.At(step), samples, cursor, columns.row(row).labels.MetricName(), block.annotations);
      if (point.present()) columns.Set(row, step, point), any = true;
    }
    return any;
  }

 private:
  Point At(base::Timestamp time, const store::Samples& samples, LookbackCursor& cursor, std::string_view metric,
           AnnotationSet& annotations) const {
    if (selector.smoothed) return SmoothedSample(samples, time, lookback, metric, where, annotations);
    const auto sample = cursor.At(time);
    return sample ? SampleAt(samples, *sample) : Point();
  }
};

}  // namespace

base::Result<base::Duration> Evaluator::ResolveDuration(const DurationValue& value, bool may_be_negative) const {
  if (!value.expr) return value.fixed;
  TRY(const double seconds, DurationSeconds(*value.expr, query_));
  const SourceRange& where = value.expr->range;
  const auto fail = [&](std::string_view why) {
    return base::Invalid(fmt::format("{}:{}: {}", where.begin, where.end, why));
  };
  constexpr double kLimit = 9223372036.854775808;
  if (!std::isfinite(seconds)) return fail("duration is NaN or infinite");
  if (seconds <= 0 && !may_be_negative) return fail("duration must be greater than 0");
  if (std::fabs(seconds) > kLimit) return fail("duration is out of range");
  return base::Duration(static_cast<int64_t>(seconds * 1000));
}

base::Result<Evaluator::Lookup> Evaluator::ResolveLookup(const TimeModifiers& modifiers) const {
  TRY(const base::Duration offset, ResolveDuration(modifiers.offset, true));
  switch (modifiers.at) {
    case AtKind::none:
      return Lookup{steps_.start - offset, steps_.interval};
    case AtKind::timestamp:
      return Lookup{modifiers.timestamp - offset};
    case AtKind::start:
      return Lookup{query_.start - offset};
    case AtKind::end:
      return Lookup{query_.end - offset};
  }
  return Lookup{};
}

base::Result<std::vector<std::shared_ptr<const store::Series>>> Evaluator::SelectSeries(
    const std::vector<base::Matcher>& matchers, base::Timestamp from, base::Timestamp to) {
  return query_.querier.Select(matchers, {from, to});
}

base::Result<Columns> Evaluator::EvaluateSelector(const VectorSelector& selector, const SourceRange& where) {
  Columns columns(steps_.count);
  TRY_VOID(SelectRows(selector, where, [&columns](Columns rows) {
    columns.Append(std::move(rows));
    return base::Result<void>();
  }));
  return columns;
}

base::Result<void> Evaluator::SelectRows(const VectorSelector& selector, const SourceRange& where,
                                         const TakeRows& take) {
  TRY(const Lookup lookup, ResolveLookup(selector.modifiers));
  const base::Duration lookback = query_.options.lookback;
  const base::Timestamp from = lookup.first - lookback;
  const base::Timestamp to = lookup.At(steps_.count - 1) + (selector.smoothed ? lookback : base::Duration(0));
  TRY(const auto series, SelectSeries(selector.matchers, from, to));
  TRY_VOID(Room(series.size(), steps_.count));
  const bool last_counts = to == lookup.first && !resets_wanted_;
  const RowSelection selection{selector, where, lookup, lookback};
  const auto make = [&](size_t first, size_t last, RowBlock& block) -> base::Result<void> {
    store::Samples samples;
    for (size_t i = first; i < last; ++i) {
      TRY_VOID(Interrupted());
      if (last_counts) {
        samples.Clear();
        series[i]->ReadLast({from, to}, samples);
      } else {
        ReadSamples(*series[i], {from, to}, samples);
      }
      if (samples.empty()) continue;
      const size_t row = block.columns.Add(series[i]->labels());
      if (!selection.Fill(samples, row, block)) block.columns.RemoveLast();
    }
    if (query_.counter.on) query_.counter.Add(CountSamples(block.columns));
    return {};
  };
  return InBlocks(series.size(), make, take);
}

base::Result<Columns> Evaluator::EvaluateTimestamps(const VectorSelector& selector, bool starts) {
  TRY(Columns columns, SampleTimes(selector, starts));
  for (size_t row = 0; row < columns.size(); ++row) DropName(columns, row);
  TRY_VOID(CheckEqualRows(columns));
  return columns;
}

base::Result<Columns> Evaluator::SampleTimes(const VectorSelector& selector, bool starts) {
  TRY(const Lookup lookup, ResolveLookup(selector.modifiers));
  const base::Duration lookback = query_.options.lookback;
  const base::Timestamp from = lookup.first - lookback;
  const base::Timestamp to = lookup.At(steps_.count - 1);
  TRY(const auto series, SelectSeries(selector.matchers, from, to));
  TRY_VOID(Room(series.size(), steps_.count));
  Columns columns(steps_.count);
  store::Samples samples;
  for (const auto& one : series) {
    samples.Clear();
    one->Read({from, to}, samples);
    if (samples.empty() || (starts && samples.start_times.empty())) continue;
    const std::vector<base::Timestamp>& times = starts ? samples.start_times : samples.times;
    const size_t row = columns.Add(one->labels());
    LookbackCursor cursor(samples, lookback);
    for (size_t step = 0; step < steps_.count; ++step) {
      if (const auto sample = cursor.At(lookup.At(step))) {
        columns.SetNumber(row, step, base::ToSeconds(times[*sample]));
      }
    }
  }
  columns.DropEmptyRows();
  if (query_.counter.on) query_.counter.Add(CountSamples(columns));
  return columns;
}

}  // namespace promql
