#include "exporter/collectors/collector.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/time_zone.h"
#include "exporter/collectors/row_mapping.h"

namespace exporter {
namespace {

class QueryCollector : public Collector {
 public:
  QueryCollector(std::string name, CollectorLimits limits, std::vector<QueryPlan> plans, ConstantLabels labels)
      : Collector(std::move(name), limits),
        plans_(std::move(plans)),
        labels_(std::move(labels)),
        zone_(base::TimeZone::Load(this->limits().time_zone).value_or(base::TimeZone())) {}

  void Collect(Session& session, SteadyTime deadline, CollectorOutput& out) override {
    const int version = session.server_version();
    for (const QueryPlan& plan : plans_) {
      if (version < plan.min_version || version > plan.max_version) continue;
      Run(plan, session, deadline, out);
      return;
    }
  }

  std::vector<std::string> MetricNames() const override {
    std::vector<std::string> names;
    for (const QueryPlan& plan : plans_) {
      for (const MetricSpec& metric : plan.metrics) {
        if (metric.type != MetricType::histogram) {
          names.push_back(metric.name);
          continue;
        }
        for (const std::string_view part : {"_bucket", "_sum", "_count"}) {
          names.push_back(fmt::format("{}{}", metric.name, part));
        }
      }
    }
    return names;
  }

 private:
  void Run(const QueryPlan& plan, Session& session, SteadyTime deadline, CollectorOutput& out) {
    RowMapper mapper(plan.metrics, labels_, out, {plan.left_out, zone_});
    const QueryLimits query{limits().timeout, limits().lock_timeout, static_cast<size_t>(limits().max_rows), deadline,
                            limits().time_zone};
    const QueryResult<void> result = Ask(plan, session, query, mapper);
    if (!result) {
      out.errors.push_back(result.error());
      // half a result would look like a whole one; only what max_rows cut is worth showing
      if (result.error().failure != FailureClass::row_limit) return;
      ++out.dropped["row_limit"];
    }
    mapper.Finish();
  }

  QueryResult<void> Ask(const QueryPlan& plan, Session& session, const QueryLimits& query, RowMapper& mapper) {
    if (use_fallback_) return session.Query(plan.fallback_sql, query, mapper);
    QueryResult<void> result = session.Query(plan.sql, query, mapper);
    if (result || result.error().failure != FailureClass::syntax || plan.fallback_sql.empty()) return result;
    // the server cannot read the one; where it cannot read the other either, the first error tells why
    QueryResult<void> second = session.Query(plan.fallback_sql, query, mapper);
    use_fallback_ = second || second.error().failure != FailureClass::syntax;
    return use_fallback_ ? second : result;
  }

  const std::vector<QueryPlan> plans_;
  const ConstantLabels labels_;
  const base::TimeZone zone_;  // of values that are times without one
  bool use_fallback_ = false;
};

}  // namespace

size_t CollectorOutput::SeriesCount() const {
  size_t count = 0;
  for (const MetricFamily& family : families) count += family.samples.size();
  return count;
}

std::unique_ptr<Collector> MakeQueryCollector(std::string name, CollectorLimits limits, std::vector<QueryPlan> plans,
                                              ConstantLabels labels) {
  return std::make_unique<QueryCollector>(std::move(name), limits, std::move(plans), std::move(labels));
}

std::string QuoteIdentifier(std::string_view name) {
  std::string out;
  for (const std::string_view part : base::Split(name, '.')) {
    if (!out.empty()) out += '.';
    out += '"' + base::ReplaceAll(std::string(part), "\"", "\"\"") + '"';
  }
  return out;
}

std::string QuoteLiteral(std::string_view text) { return '\'' + base::ReplaceAll(std::string(text), "'", "''") + '\''; }

std::string QuoteList(const std::vector<std::string>& values) {
  if (values.empty()) return "NULL";
  std::vector<std::string> quoted;
  for (const std::string& value : values) quoted.push_back(QuoteLiteral(value));
  return base::Join(quoted, ", ");
}

std::string QuerySource(const std::string& table, const std::string& query) {
  if (!table.empty()) return QuoteIdentifier(table);
  std::string_view sql = base::Trim(query);
  while (sql.ends_with(';')) sql = base::Trim(sql.substr(0, sql.size() - 1));
  return fmt::format("({}\n) AS tocsin_source", sql);
}

// PostgreSQL reads what has no zone in that of the transaction (QueryLimits::time_zone). SQLite keeps times as text,
// which is UTC, or as seconds since 1970.
std::string EpochOf(Dialect dialect, TimeColumn kind, const std::string& expression) {
  if (dialect == Dialect::postgres && kind == TimeColumn::typed) {
    return fmt::format("extract(epoch FROM CAST({} AS timestamptz))", expression);
  }
  if (dialect == Dialect::postgres) {
    return fmt::format(
        "CASE WHEN CAST(pg_typeof({0}) AS text) IN ('smallint', 'integer', 'bigint', 'numeric', 'real', 'double "
        "precision') THEN CAST(CAST({0} AS text) AS double precision) "
        "ELSE extract(epoch FROM CAST(CAST({0} AS text) AS timestamptz)) END",
        expression);
  }
  return fmt::format(
      "CASE WHEN typeof({0}) IN ('integer', 'real') THEN {0} ELSE (julianday({0}) - 2440587.5) * 86400.0 END",
      expression);
}

std::string_view EpochNow(Dialect dialect) {
  return dialect == Dialect::postgres ? "extract(epoch FROM now())" : "((julianday('now') - 2440587.5) * 86400.0)";
}

}  // namespace exporter
