#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exporter/config.h"
#include "exporter/metric_family.h"
#include "exporter/session.h"

namespace exporter {

// What one run of a collector gives.
struct CollectorOutput {
  MetricFamilies families;
  std::map<std::string, uint64_t> dropped;             // reason -> rows or values left out
  std::map<std::string, std::string> dropped_columns;  // reason -> the column of the first, where one is to blame
  std::vector<QueryError> errors;                      // any makes the run unsuccessful; what was measured still counts

  size_t SeriesCount() const;
};

// One thing that is measured, timed and reported on its own. Not thread-safe; run by its target's thread.
class Collector {
 public:
  Collector(std::string name, CollectorLimits limits) : name_(std::move(name)), limits_(limits) {}
  virtual ~Collector() = default;
  const std::string& name() const { return name_; }  // "jobs.processing_jobs"
  const CollectorLimits& limits() const { return limits_; }
  virtual void Collect(Session& session, SteadyTime deadline, CollectorOutput& out) = 0;
  // The names of the series it can give, before any database was asked.
  virtual std::vector<std::string> MetricNames() const = 0;

 private:
  const std::string name_;
  const CollectorLimits limits_;
};

// A query and what becomes of its rows: all that a kind of SQL collector has to say.
struct QueryPlan {
  std::string sql;
  std::vector<MetricSpec> metrics;
  int min_version = 0;  // of PostgreSQL, as Session::server_version gives it; below it there is nothing to measure
  int max_version = 1'000'000;
  // A column that says why the row gives no samples: it is counted by that reason. Empty: the query has none.
  std::string left_out{};
  // Asked instead, from then on, where the server cannot read `sql`; empty for none.
  std::string fallback_sql{};
};

using ConstantLabels = std::vector<std::pair<std::string, std::string>>;

// Runs the first plan that fits the server, if one does.
std::unique_ptr<Collector> MakeQueryCollector(std::string name, CollectorLimits limits, std::vector<QueryPlan> plans,
                                              ConstantLabels labels);

// SQL text from names and values of the configuration.
std::string QuoteIdentifier(std::string_view name);  // "a.b" is a name with a schema
std::string QuoteLiteral(std::string_view text);
std::string QuoteList(const std::vector<std::string>& values);  // 'a', 'b'; matches nothing when empty
// "FROM" source of a table or of a query.
std::string QuerySource(const std::string& table, const std::string& query);
// A column as seconds since 1970, and the present moment as such. `typed` is for columns with a type of time, which
// PostgreSQL converts quickly; `any` also for numbers that are seconds already.
enum class TimeColumn : uint8_t { typed, any };
std::string EpochOf(Dialect dialect, TimeColumn kind, const std::string& expression);
std::string_view EpochNow(Dialect dialect);

}  // namespace exporter
