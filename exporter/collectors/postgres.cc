#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "exporter/collectors/collectors.h"
#include "exporter/collectors/postgres_parts.h"

// PostgreSQL's own numbers. Each part is one query, timed and reported by itself; the parts are the rows of the tables
// in postgres_parts.h. Names follow postgres_exporter's where it has them, so that its dashboards work; what it calls a
// counter without _total, or by a name that ends in _count, is untyped here, as promtool asks for.

namespace exporter {
namespace {

MetricSpec Metric(std::string name, MetricType type, std::string help, const std::vector<std::string>& labels,
                  std::string column) {
  MetricSpec spec{std::move(name), type, std::move(help), {}, std::move(column), {}, true};
  for (const std::string& label : labels) spec.labels.push_back({label, label, ""});
  return spec;
}

QueryPlan PlanOf(const PostgresPart& part, const PostgresQuery& query) {
  QueryPlan plan{std::string(query.sql), {}, query.min_version, query.max_version, std::string(part.left_out)};
  for (const PostgresMetric& metric : part.metrics) {
    plan.metrics.push_back(Metric(std::string(metric.name), metric.type, std::string(metric.help),
                                  {metric.labels.begin(), metric.labels.end()}, std::string(metric.column)));
  }
  return plan;
}

// What depends on the configuration: limits of pools and of running times.
QueryPlan PoolsPlan(const PostgresConfig& config) {
  std::vector<std::string> rows;
  for (const auto& [application, limit] : config.pools) {
    rows.push_back(fmt::format("({}, {})", QuoteLiteral(application), limit));
  }
  QueryPlan plan;
  plan.sql = fmt::format(
      "SELECT pool.application_name, pool.connections AS pool_limit, count(a.pid) AS connections, "
      "count(a.pid)::float8 / pool.connections AS share FROM (VALUES {}) AS pool (application_name, connections) "
      "LEFT JOIN pg_stat_activity a ON a.application_name = pool.application_name GROUP BY 1, 2",
      base::Join(rows, ", "));
  const std::vector<std::string> labels = {"application_name"};
  plan.metrics = {Metric("tocsin_pg_pool_connections", MetricType::gauge, "Connections an application holds.", labels,
                         "connections"),
                  Metric("tocsin_pg_pool_limit", MetricType::gauge, "Connections an application should hold at most.",
                         labels, "pool_limit"),
                  Metric("tocsin_pg_pool_used_ratio", MetricType::gauge,
                         "Share of its limit that an application holds.", labels, "share")};
  return plan;
}

QueryPlan LongRunningPlan(const PostgresConfig& config) {
  QueryPlan plan;
  plan.sql = fmt::format(
      "SELECT d.datname, "
      "count(*) FILTER (WHERE a.state = 'active' AND clock_timestamp() - a.query_start > interval '{0} seconds') "
      "AS queries, "
      "count(*) FILTER (WHERE clock_timestamp() - a.xact_start > interval '{1} seconds') AS transactions, "
      "coalesce(max(extract(epoch FROM clock_timestamp() - a.query_start)) FILTER (WHERE a.state = 'active'), 0) "
      "AS longest_query, "
      "coalesce(max(extract(epoch FROM clock_timestamp() - a.xact_start)), 0) AS longest_transaction, "
      "coalesce(max(extract(epoch FROM clock_timestamp() - a.state_change)) "
      "FILTER (WHERE a.state LIKE 'idle in transaction%'), 0) AS longest_idle, "
      "count(*) FILTER (WHERE a.wait_event_type = 'Lock') AS blocked, "
      "coalesce(max(extract(epoch FROM clock_timestamp() - a.query_start)) "
      "FILTER (WHERE a.wait_event_type = 'Lock'), 0) AS longest_blocked "
      "FROM pg_database d LEFT JOIN pg_stat_activity a ON a.datid = d.oid AND a.pid <> pg_backend_pid() "
      "AND a.backend_type = 'client backend' WHERE d.datallowconn AND NOT d.datistemplate GROUP BY 1",
      base::ToSeconds(config.long_query), base::ToSeconds(config.long_transaction));
  const std::vector<std::string> labels = {"datname"};
  const auto gauge = [&](std::string_view name, std::string help, std::string column) {
    plan.metrics.push_back(
        Metric(fmt::format("tocsin_pg_{}", name), MetricType::gauge, std::move(help), labels, std::move(column)));
  };
  gauge("long_running_queries", fmt::format("Queries running longer than {}.", base::FormatDuration(config.long_query)),
        "queries");
  gauge("long_running_transactions",
        fmt::format("Transactions open longer than {}.", base::FormatDuration(config.long_transaction)),
        "transactions");
  gauge("longest_query_seconds", "How long the longest of the running queries has been running.", "longest_query");
  gauge("longest_transaction_seconds", "How long the oldest open transaction has been open.", "longest_transaction");
  gauge("longest_idle_in_transaction_seconds", "How long a session has been idle in its transaction at most.",
        "longest_idle");
  gauge("blocked_sessions", "Sessions that wait for a lock.", "blocked");
  gauge("longest_blocked_seconds", "How long ago the longest blocked query began.", "longest_blocked");
  return plan;
}

constexpr std::string_view kPools = "pools";
constexpr std::string_view kLongRunning = "long_running";

bool Wanted(const PostgresConfig& config, std::string_view part) {
  const auto holds = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), part) != list.end();
  };
  return (config.only.empty() || holds(config.only)) && !holds(config.without);
}

}  // namespace

std::vector<std::string_view> PostgresParts() {
  std::vector<std::string_view> names = {kLongRunning, kPools};
  for (const PostgresPart& part : PostgresPartTable()) names.push_back(part.name);
  return names;
}

std::vector<BoundCollector> MakePostgresCollectors(const CollectorSetup& setup) {
  std::vector<BoundCollector> all;
  for (const PostgresConfig& config : setup.config.postgres) {
    const auto add = [&](std::string_view part, std::vector<QueryPlan> plans) {
      if (!Wanted(config, part)) return;
      all.push_back({config.target, MakeQueryCollector("postgres." + std::string(part), config.limits, std::move(plans),
                                                       setup.target_labels(setup.config, config.target))});
    };
    for (const PostgresPart& part : PostgresPartTable()) {
      std::vector<QueryPlan> plans;
      for (const PostgresQuery& query : part.queries) plans.push_back(PlanOf(part, query));
      add(part.name, std::move(plans));
    }
    add(kLongRunning, {LongRunningPlan(config)});
    if (!config.pools.empty()) add(kPools, {PoolsPlan(config)});
  }
  return all;
}

}  // namespace exporter
