#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "rules/backtest/backtest.h"
#include "rules/datasource.h"
#include "store/appender.h"
#include "store/querier.h"

// Where history comes from: samples at hand, or a server that speaks Prometheus' HTTP API. Both are asked piece by
// piece, so that neither memory nor a server's limit on points bounds the span.

namespace rules {

inline constexpr size_t kBacktestPiece = 10'000;  // evaluations; servers give at most 11,000 points

// Evaluations of an expression: `count` of them, from `first`, `step` apart.
struct Evaluations {
  base::Timestamp first;
  base::Duration step{1};
  size_t count = 0;
};

// The series the expression has, with the evaluations that have them. Errors: those of the datasource.
base::Result<std::vector<HeldSeries>> Held(const Datasource& source, const promql::Expr& expr,
                                           const Evaluations& evaluations);

// The recording rules of `set` that `rule` of `group` reads, directly or through one another, in their order. What a
// group records itself goes before the same name elsewhere.
std::vector<const Rule*> RecordedFor(const Rule& rule, const RuleGroup& group, const RuleSet& set);

// Evaluates recording rules over the span as they would have been live, and stores what they give in `out`, ended with
// staleness markers. They read `querier`, which may show what `out` has got so far.
base::Result<void> RecordHistory(std::span<const Rule* const> rules, const Datasource& source,
                                 const Evaluations& evaluations, store::Appendable& out);

// Series of the named metrics from `recorded`, all others from `stored`. Borrows both.
class RecordedQuerier final : public store::Querier {
 public:
  RecordedQuerier(const store::Querier& stored, const store::Querier& recorded, std::vector<std::string> names)
      : stored_(stored), recorded_(recorded), names_(std::move(names)) {}
  base::Result<std::vector<std::shared_ptr<const store::Series>>> Select(std::span<const base::Matcher> matchers,
                                                                         store::TimeRange range) const override;
  base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher> matchers,
                                                    store::TimeRange range) const override;
  base::Result<std::vector<std::string>> LabelValues(const std::string& name, std::span<const base::Matcher> matchers,
                                                     store::TimeRange range) const override;

 private:
  const store::Querier& For(std::span<const base::Matcher> matchers) const;
  const store::Querier& stored_;
  const store::Querier& recorded_;
  const std::vector<std::string> names_;
};

}  // namespace rules
