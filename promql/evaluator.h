#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "promql/annotations.h"
#include "promql/ast.h"
#include "promql/columns.h"
#include "promql/engine.h"
#include "promql/range_window.h"
#include "promql/row_blocks.h"
#include "store/querier.h"

// The inside of the engine; only the room's .cc files include this.

namespace promql {

// Counts what SampleCounts tells. Threads that help with a query may add and hold at once; `on` is the query's own.
struct SampleCounter {
  bool on = false;
  std::atomic<int64_t> total = 0;
  std::atomic<int64_t> peak = 0;

  void Add(int64_t samples) { total.fetch_add(samples, std::memory_order_relaxed); }
  void Hold(int64_t samples) {
    int64_t most = peak.load(std::memory_order_relaxed);
    while (most < samples && !peak.compare_exchange_weak(most, samples, std::memory_order_relaxed)) {
    }
  }
};

// What all evaluators of one query share.
struct QueryState {
  const EngineOptions& options;
  const store::Querier& querier;
  std::stop_token stop;
  std::chrono::steady_clock::time_point deadline;
  base::Timestamp start;  // of the whole query: what start(), end(), step() and range() speak of
  base::Timestamp end;
  base::Duration step{0};  // zero for an instant query
  AnnotationSet annotations;
  int64_t held = 0;  // samples held at this moment, see Columns::SampleCost
  SampleCounter counter{};
};

class SeriesValues;
struct EdgeFunction;
struct EdgeWindow;

// A range selector or subquery, ready for a function to run over its series.
struct RangeInput;

// Evaluates expressions over a run of steps: each node once for all of them. A subquery is evaluated by a second
// evaluator with steps of its own. Lives on the stack of one query; not thread-safe.
class Evaluator {
 public:
  Evaluator(QueryState& query, Steps steps) : query_(query), steps_(steps) {}
  // Of a subquery: its results' counter resets are its function's business.
  Evaluator(QueryState& query, Steps steps, bool within_subquery)
      : query_(query), steps_(steps), resets_barred_(within_subquery) {}

  // Vectors and scalars. Strings are read from the tree; range vectors are taken by their functions.
  base::Result<Columns> Evaluate(const Expr& expr);
  // The same, handed on in parts: who looks at each series but once needs no room for all of them. `take` is called by
  // one thread at a time, in the order of the rows.
  using TakeRows = std::function<base::Result<void>(Columns rows)>;
  base::Result<void> EvaluateRows(const Expr& expr, const TakeRows& take);

  QueryState& query() { return query_; }
  const Steps& steps() const { return steps_; }
  bool delayed_names() const { return query_.options.delayed_name_removal; }
  AnnotationSet& annotations() { return query_.annotations; }

  // Cancelled, or out of time?
  base::Result<void> Interrupted() const;
  // Whether so many samples more may be held.
  base::Result<void> Room(size_t rows, size_t steps) const;
  base::Result<void> RoomFor(int64_t samples) const;

  // selector.cc
  base::Result<Columns> EvaluateSelector(const VectorSelector& selector, const SourceRange& where);
  base::Result<void> SelectRows(const VectorSelector& selector, const SourceRange& where, const TakeRows& take);
  // When the samples were taken, or (`starts`) when their counters began, where that is known.
  base::Result<Columns> EvaluateTimestamps(const VectorSelector& selector, bool starts);
  // The same with the series' names kept, for what is not shown.
  base::Result<Columns> SampleTimes(const VectorSelector& selector, bool starts);
  base::Result<std::vector<std::shared_ptr<const store::Series>>> SelectSeries(
      const std::vector<base::Matcher>& matchers, base::Timestamp from, base::Timestamp to);
  // When the samples for each step are looked up: offset and @ applied, before any window.
  struct Lookup {
    base::Timestamp first;
    base::Duration interval{0};  // zero: the same instant for all steps
    base::Timestamp At(size_t step) const { return first + interval * static_cast<int64_t>(step); }
  };
  base::Result<Lookup> ResolveLookup(const TimeModifiers& modifiers) const;
  base::Result<base::Duration> ResolveDuration(const DurationValue& value, bool may_be_negative) const;

  // range_call.cc, subquery.cc
  base::Result<Columns> EvaluateRangeCall(const Call& call);
  base::Result<void> RangeCallRows(const Call& call, const TakeRows& take);
  base::Result<RangeInput> EvaluateRange(const Expr& expr);
  base::Result<RangeInput> EvaluateMatrixSelector(const MatrixSelector& matrix);
  base::Result<RangeInput> EvaluateSubquery(const Subquery& subquery);

  // by_series.cc: the short way, where it can be gone (else nothing).
  base::Result<std::optional<SeriesValues>> EvaluateBySeries(const Expr& expr);

  // binary.cc, set_operators.cc
  base::Result<Columns> EvaluateBinary(const Binary& binary, const Expr& expr);
  base::Result<Columns> EvaluateUnary(const Unary& unary);
  // aggregate.cc
  base::Result<Columns> EvaluateAggregate(const Aggregate& aggregate, const Expr& expr);
  // functions.cc
  base::Result<Columns> EvaluateCall(const Call& call, const Expr& expr);

  // Makes `size` rows in blocks, several at once if the engine has workers. `make` adds the rows first … last - 1.
  using MakeRows = std::function<base::Result<void>(size_t first, size_t last, RowBlock& into)>;
  base::Result<void> InBlocks(size_t size, const MakeRows& make, const TakeRows& take);

  // Marks or removes the metric's describing labels of a row, as the mode of name removal demands.
  void DropName(Columns& columns, size_t row) const;
  // Rows that have become the same series are made one; an error where both are present at the same step.
  base::Result<void> MergeEqualRows(Columns& columns) const;
  base::Result<void> CheckEqualRows(Columns& columns) const;  // only where names were removed just now

 private:
  base::Result<Columns> EvaluateNode(const Expr& expr);
  // Evaluates a step-invariant expression at the first step and repeats the result.
  base::Result<Columns> EvaluateOnce(const Expr& expr);
  // by_series.cc
  base::Result<std::optional<SeriesValues>> ValuesOf(const Expr& expr);
  base::Result<std::optional<SeriesValues>> LastValues(const VectorSelector& selector);
  base::Result<std::optional<SeriesValues>> RangeCallValues(const Call& call);
  // False: there is more than floats.
  base::Result<bool> FillByEdges(const EdgeFunction& function, const EdgeWindow& window, SeriesValues& values);
  base::Result<bool> FillByWindow(const Call& call, const EdgeWindow& of, SeriesValues& values);
  base::Result<std::optional<SeriesValues>> ValuesWithScalar(const Binary& binary, const SourceRange& where);
  base::Result<std::array<double, 2>> ScalarArguments(const Call& call);
  base::Result<std::shared_ptr<const store::Selection>> SelectShared(const VectorSelector& selector,
                                                                     store::TimeRange range);
  void ReadSamples(const store::Series& series, store::TimeRange range, store::Samples& out) const;

  QueryState& query_;
  Steps steps_;
  // Within histogram_count and its like (and not where whole histograms are needed) samples whose counter reset is
  // unknown are compared with the one before, as Prometheus does when it decodes no buckets: remarks depend on it.
  bool resets_wanted_ = false;
  bool resets_barred_ = false;
  friend class ResetScope;
};

// Says for as long as it lives what a node wants of the histograms below it.
class ResetScope {
 public:
  ResetScope(Evaluator& evaluator, const Expr& expr);
  ~ResetScope();
  ResetScope(const ResetScope&) = delete;
  ResetScope& operator=(const ResetScope&) = delete;

 private:
  Evaluator& evaluator_;
  bool wanted_;
  bool barred_;
};

// One row without labels, present at every step.
Columns ScalarColumns(size_t steps, double value);

}  // namespace promql
