#pragma once

#include "base/result.h"
#include "base/time.h"
#include "promql/engine.h"
#include "promql/value.h"
#include "store/querier.h"

// The seam between "evaluate this expression at this time" and who does it: our engine on stored samples, or a server
// that speaks Prometheus' HTTP API (rules/remote/).

namespace rules {

// How long a caller can wait for an instant vector.
struct Patience {
  base::Duration most = base::Duration::max();           // for one attempt
  base::Timestamp retry_until = base::Timestamp::max();  // no further attempt begins later, nor lasts longer
};

// Thread-safe. Errors: those of the engine or the querier; of a server its own words, with the server named.
class Datasource {
 public:
  virtual ~Datasource() = default;
  virtual base::Result<promql::QueryResult> Instant(const promql::Expr& expr, base::Timestamp time,
                                                    const Patience& patience) const = 0;
  // Steps from `start` to at most `end`, both included; the value is a Matrix, or a String or Scalar made one series.
  virtual base::Result<promql::QueryResult> Range(const promql::Expr& expr, base::Timestamp start, base::Timestamp end,
                                                  base::Duration step) const = 0;
};

// Borrows both. Knows no patience: the engine has a timeout of its own.
class LocalDatasource final : public Datasource {
 public:
  LocalDatasource(const promql::Engine& engine, const store::Querier& querier) : engine_(engine), querier_(querier) {}
  base::Result<promql::QueryResult> Instant(const promql::Expr& expr, base::Timestamp time,
                                            const Patience& patience) const override;
  base::Result<promql::QueryResult> Range(const promql::Expr& expr, base::Timestamp start, base::Timestamp end,
                                          base::Duration step) const override;

 private:
  const promql::Engine& engine_;
  const store::Querier& querier_;
};

}  // namespace rules
