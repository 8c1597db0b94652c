#include <fmt/format.h>

#include "base/text.h"
#include "exporter/collectors/collectors.h"

// When each key (tenant, connection, snapshot) last succeeded, and how it is.

namespace exporter {
namespace {

class FreshnessQuery {
 public:
  FreshnessQuery(const FreshnessConfig& config, Dialect dialect, TimeColumn times)
      : config_(config), dialect_(dialect), times_(times) {}

  QueryPlan Plan() const {
    QueryPlan plan{config_.run_at.empty() ? StateSql() : RunsSql(), {}};
    Add(plan, "_last_success_timestamp_seconds", "When it last succeeded; 0 if it never did.", "last_success");
    if (!config_.status.empty()) {
      Add(plan, "_healthy", "Whether the last status is one of the healthy ones.", "healthy");
      Add(plan, "_status", "1 for the last status.", "one", {"status", "status", ""});
    }
    return plan;
  }

 private:
  void Add(QueryPlan& plan, std::string_view suffix, std::string help, std::string column,
           LabelSource label = {}) const {
    const bool named = config_.metric_prefix.empty() || config_.metric_prefix == "tocsin_freshness";
    const std::string prefix = named ? "tocsin_freshness" : config_.metric_prefix;
    MetricSpec spec{prefix + std::string(suffix), MetricType::gauge, std::move(help), {}, std::move(column), {}, false};
    if (named) spec.labels.push_back({"source", "", config_.name});
    for (const std::string& name : config_.key) spec.labels.push_back({name, name, ""});
    if (!label.label.empty()) spec.labels.push_back(std::move(label));
    plan.metrics.push_back(std::move(spec));
  }

  std::string Status() const {
    return config_.status.empty() ? "''" : fmt::format("CAST({} AS text)", QuoteIdentifier(config_.status));
  }

  std::string Keys() const {
    std::string keys;
    for (const std::string& name : config_.key) keys += QuoteIdentifier(name) + ", ";
    return keys;
  }

  std::string Healthy(const std::string& status) const {
    std::vector<std::string> healthy;
    for (const std::string& value : config_.healthy) healthy.push_back(base::ToLower(value));
    return fmt::format("CASE WHEN lower({}) IN ({}) THEN 1 ELSE 0 END", status, QuoteList(healthy));
  }

  std::string LastSuccess() const { return EpochOf(dialect_, times_, QuoteIdentifier(config_.last_success)); }

  // A row per key.
  std::string StateSql() const {
    return fmt::format("SELECT {}coalesce({}, 0) AS last_success, {} AS status, {} AS healthy, 1 AS one FROM {}",
                       Keys(), LastSuccess(), Status(), Healthy(Status()), QuerySource(config_.table, config_.query));
  }

  // A row per run: the latest run of a key tells its status, the latest healthy one its last success.
  std::string RunsSql() const {
    const std::string keys = Keys();
    const std::string partition = keys.empty() ? "" : "PARTITION BY " + keys.substr(0, keys.size() - 2) + " ";
    return fmt::format(
        "SELECT {0}coalesce(last_success, 0) AS last_success, status, {1} AS healthy, 1 AS one FROM ("
        "SELECT {0}{2} AS status, max(CASE WHEN {3} = 1 THEN {4} END) OVER ({5}) AS last_success, "
        "row_number() OVER ({5}ORDER BY {6} DESC NULLS LAST) AS place FROM {7}) AS runs WHERE place = 1",
        keys, Healthy("status"), Status(), Healthy(Status()), LastSuccess(), partition, QuoteIdentifier(config_.run_at),
        QuerySource(config_.table, config_.query));
  }

  const FreshnessConfig& config_;
  const Dialect dialect_;
  const TimeColumn times_;
};

}  // namespace

std::vector<BoundCollector> MakeFreshnessCollectors(const CollectorSetup& setup) {
  std::vector<BoundCollector> all;
  for (const FreshnessConfig& config : setup.config.freshness) {
    const Dialect dialect = setup.dialect(setup.config, config.target);
    QueryPlan plan = FreshnessQuery(config, dialect, TimeColumn::typed).Plan();
    plan.fallback_sql = FreshnessQuery(config, dialect, TimeColumn::any).Plan().sql;
    all.push_back({config.target, MakeQueryCollector("freshness." + config.name, config.limits, {std::move(plan)},
                                                     setup.target_labels(setup.config, config.target))});
  }
  return all;
}

}  // namespace exporter
