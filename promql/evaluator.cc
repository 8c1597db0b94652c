#include "promql/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "promql/by_series.h"
#include "promql/histogram_math.h"
#include "promql/step_invariant.h"

namespace promql {

base::Result<void> Evaluator::Interrupted() const {
  if (query_.stop.stop_requested()) {
    return base::Fail(base::ErrorCode::cancelled, "query was canceled in expression evaluation");
  }
  if (std::chrono::steady_clock::now() >= query_.deadline) {
    return base::Fail(base::ErrorCode::timeout, "query timed out in expression evaluation");
  }
  return {};
}

base::Result<void> Evaluator::Room(size_t rows, size_t steps) const {
  constexpr auto kMost = static_cast<size_t>(std::numeric_limits<int64_t>::max());
  const bool countable = rows == 0 || steps <= kMost / rows;
  return RoomFor(countable ? static_cast<int64_t>(rows * steps) : std::numeric_limits<int64_t>::max());
}

base::Result<void> Evaluator::RoomFor(int64_t samples) const {
  if (samples == 0 || samples <= query_.options.max_samples - query_.held) {
    if (query_.counter.on) query_.counter.Hold(query_.held + samples);
    return {};
  }
  return base::Fail(base::ErrorCode::limit_exceeded,
                    "query processing would load too many samples into memory in query execution");
}

base::Result<Columns> Evaluator::Evaluate(const Expr& expr) {
  TRY_VOID(Interrupted());
  TRY_VOID(Room(1, steps_.count));
  const int64_t held_before = query_.held;
  const bool once = !steps_.instant() && As<NumberLiteral>(expr) == nullptr && IsStepInvariant(expr);
  const ResetScope scope(*this, expr);
  TRY(Columns columns, once ? EvaluateOnce(expr) : EvaluateNode(expr));
  query_.held = held_before;
  const int64_t cost = columns.SampleCost();
  TRY_VOID(RoomFor(cost));
  query_.held += cost;
  return columns;
}

base::Result<Columns> Evaluator::EvaluateOnce(const Expr& expr) {
  Evaluator evaluator(query_, {steps_.start, steps_.interval, 1});
  evaluator.resets_wanted_ = resets_wanted_;
  evaluator.resets_barred_ = resets_barred_;
  const int64_t counted = query_.counter.total;
  TRY(const Columns value, evaluator.Evaluate(expr));
  // every step has what was read once
  query_.counter.Add((query_.counter.total - counted) * (static_cast<int64_t>(steps_.count) - 1));
  TRY_VOID(Room(value.size(), steps_.count));
  Columns columns(steps_.count);
  columns.Reserve(value.size());
  for (size_t row = 0; row < value.size(); ++row) {
    columns.Add(value.row(row).labels, value.row(row).drop_name);
    const Point point = value.at(row, 0);
    for (size_t step = 0; point.present() && step < steps_.count; ++step) columns.Set(row, step, point);
  }
  return columns;
}

base::Result<void> Evaluator::EvaluateRows(const Expr& expr, const TakeRows& take) {
  const Expr& inner = Unwrap(expr);
  const auto* selector = As<VectorSelector>(inner);
  const auto* call = As<Call>(inner);
  if (call != nullptr && FindRangeFunction(call->function->name) == nullptr) call = nullptr;
  if (selector == nullptr && call == nullptr) {
    TRY(Columns columns, Evaluate(expr));
    return take(std::move(columns));
  }
  TRY_VOID(Interrupted());
  TRY_VOID(Room(1, steps_.count));
  const ResetScope scope(*this, inner);
  return selector != nullptr ? SelectRows(*selector, inner.range, take) : RangeCallRows(*call, take);
}

base::Result<void> Evaluator::InBlocks(size_t size, const MakeRows& make, const TakeRows& take) {
  constexpr size_t kCells = 8192;  // of a block, so that it stays in the cache
  constexpr size_t kMostRows = 128;
  const size_t rows = std::clamp<size_t>(kCells / steps_.count, 1, kMostRows);
  const auto make_block = [&](size_t number) -> base::Result<RowBlock> {
    RowBlock block{Columns(steps_.count), {}};
    const size_t first = number * rows, last = std::min(size, first + rows);
    block.columns.Reserve(last - first);
    TRY_VOID(make(first, last, block));
    return block;
  };
  int64_t cost = 0;
  return MakeInOrder(query_.options.workers, (size + rows - 1) / rows, make_block,
                     [&](RowBlock block) -> base::Result<void> {
                       cost += block.columns.SampleCost();
                       TRY_VOID(RoomFor(cost));
                       annotations().Merge(std::move(block.annotations));
                       return take(std::move(block.columns));
                     });
}

base::Result<Columns> Evaluator::EvaluateNode(const Expr& expr) {
  TRY(const auto values, EvaluateBySeries(expr));
  if (values) return values->ToColumns();
  if (const auto* number = As<NumberLiteral>(expr)) return ScalarColumns(steps_.count, number->value);
  if (const auto* paren = As<Paren>(expr)) return EvaluateNode(*paren->expr);
  if (const auto* unary = As<Unary>(expr)) return EvaluateUnary(*unary);
  if (const auto* binary = As<Binary>(expr)) return EvaluateBinary(*binary, expr);
  if (const auto* aggregate = As<Aggregate>(expr)) return EvaluateAggregate(*aggregate, expr);
  if (const auto* call = As<Call>(expr)) return EvaluateCall(*call, expr);
  if (const auto* selector = As<VectorSelector>(expr)) return EvaluateSelector(*selector, expr.range);
  return base::Fail(base::ErrorCode::internal,
                    fmt::format("expression of type {} where a vector is expected", ToString(TypeOf(expr))));
}

ResetScope::ResetScope(Evaluator& evaluator, const Expr& expr)
    : evaluator_(evaluator), wanted_(evaluator.resets_wanted_), barred_(evaluator.resets_barred_) {
  if (const auto* call = As<Call>(expr)) {
    const std::string_view name = call->function->name;
    if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") {
      evaluator.resets_wanted_ = true;
    } else if (name.starts_with("histogram_quantile") || name == "histogram_fraction") {
      evaluator.resets_barred_ = true;
    }
  }
  const auto* binary = As<Binary>(expr);
  if (binary != nullptr && (binary->op == BinaryOp::trim_lower || binary->op == BinaryOp::trim_upper)) {
    evaluator.resets_barred_ = true;
  }
}

ResetScope::~ResetScope() {
  evaluator_.resets_wanted_ = wanted_;
  evaluator_.resets_barred_ = barred_;
}

void Evaluator::ReadSamples(const store::Series& series, store::TimeRange range, store::Samples& out) const {
  out.Clear();
  series.Read(range, out);
  if (!resets_wanted_ || resets_barred_) return;
  using Hint = base::CounterResetHint;
  const base::FloatHistogram* previous = nullptr;
  store::HistogramPtr kept;
  for (store::HistogramPtr& histogram : out.histograms) {
    if (!histogram || store::IsStale(histogram->sum)) continue;
    const store::HistogramPtr original = histogram;
    if (previous != nullptr && histogram->counter_reset_hint == Hint::unknown) {
      auto copy = std::make_shared<base::FloatHistogram>(*histogram);
      copy->counter_reset_hint = DetectReset(*histogram, *previous) ? Hint::reset : Hint::not_reset;
      histogram = std::move(copy);
    }
    kept = original;
    previous = kept.get();
  }
}

Columns ScalarColumns(size_t steps, double value) {
  Columns columns(steps);
  columns.Add({});
  std::ranges::fill(columns.values(0), value);
  std::ranges::fill(columns.presence(0), Presence::number);
  return columns;
}

void Evaluator::DropName(Columns& columns, size_t row) const {
  Columns::Row& head = columns.row(row);
  head.drop_name = true;
  if (!delayed_names()) head.labels = DropMetricLabels(head.labels);
}

base::Result<void> Evaluator::CheckEqualRows(Columns& columns) const {
  return delayed_names() && steps_.instant() ? base::Result<void>() : MergeEqualRows(columns);
}

base::Result<void> Evaluator::MergeEqualRows(Columns& columns) const {
  std::unordered_map<base::Labels, size_t, base::LabelsHash> first_of;
  first_of.reserve(columns.size());
  bool merged = false;
  for (size_t row = 0; row < columns.size(); ++row) {
    const auto [at, inserted] = first_of.try_emplace(columns.row(row).labels, row);
    if (inserted) continue;
    const size_t first = at->second;
    merged = true;
    for (size_t step = 0; step < columns.steps(); ++step) {
      if (columns.presence(row)[step] == Presence::none) continue;
      if (columns.presence(first)[step] != Presence::none) {
        return base::Invalid("vector cannot contain metrics with the same labelset");
      }
      columns.Set(first, step, columns.at(row, step));
      columns.Clear(row, step);
    }
  }
  if (merged) columns.DropEmptyRows();
  return {};
}

}  // namespace promql
