#pragma once

#include <memory>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "promql/parser.h"
#include "promql/value.h"
#include "store/querier.h"

namespace promql {

class Workers;

struct EngineOptions {
  base::Duration lookback = std::chrono::minutes(5);
  base::Duration timeout = std::chrono::minutes(2);  // measured on the steady clock
  base::Duration no_step_subquery_interval = std::chrono::minutes(1);
  int64_t max_samples = 50'000'000;  // held at once by one query
  bool delayed_name_removal = false;
  bool count_samples = false;  // fill QueryResult::samples; costs a little
  Workers* workers = nullptr;  // lend a hand with large queries; outlive the engine. Null: each query is one thread's
  ParseOptions parse{};
};

// Evaluates PromQL with Prometheus 3's semantics. Stateless apart from its options: any number of queries may run at
// once. Errors: invalid_argument (does not parse or type-check; `where` has line and column), limit_exceeded
// (max_samples), timeout, cancelled, or the querier's own.
class Engine {
 public:
  explicit Engine(EngineOptions options);
  const EngineOptions& options() const { return options_; }

  base::Result<QueryResult> Instant(const Expr& expr, base::Timestamp time, const store::Querier& querier,
                                    std::stop_token stop = {}) const;
  // Steps from `start` to at most `end`, both included; step > 0. The value is a Matrix, or a String or Scalar made
  // one series where the expression is one.
  base::Result<QueryResult> Range(const Expr& expr, base::Timestamp start, base::Timestamp end, base::Duration step,
                                  const store::Querier& querier, std::stop_token stop = {}) const;

 private:
  EngineOptions options_;
};

}  // namespace promql
