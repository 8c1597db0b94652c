#include "rules/datasource.h"

namespace rules {

base::Result<promql::QueryResult> LocalDatasource::Instant(const promql::Expr& expr, base::Timestamp time,
                                                           const Patience&) const {
  return engine_.Instant(expr, time, querier_);
}

base::Result<promql::QueryResult> LocalDatasource::Range(const promql::Expr& expr, base::Timestamp start,
                                                         base::Timestamp end, base::Duration step) const {
  return engine_.Range(expr, start, end, step, querier_);
}

}  // namespace rules
