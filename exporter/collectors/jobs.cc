#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "exporter/collectors/collectors.h"

// A table of jobs, read once per run. Its rows are counted by status within each group (the columns of `by`); one more
// row per group carries the ages, the stuck and the failed ones, which may span several statuses. Statuses that the
// configuration names are always shown, so that a count falls to zero instead of vanishing.

namespace exporter {
namespace {

class JobsQuery {
 public:
  JobsQuery(const JobsConfig& config, Dialect dialect, TimeColumn times)
      : config_(config), dialect_(dialect), times_(times) {
    for (const auto* list : {&config.statuses.queued, &config.statuses.running, &config.statuses.failed}) {
      for (const std::string& status : *list) {
        if (std::find(known_.begin(), known_.end(), status) == known_.end()) known_.push_back(status);
      }
    }
  }

  QueryPlan Plan() const {
    QueryPlan plan{Sql(), {}};
    Add(plan, "_count", MetricType::untyped, "Jobs by status.", "other_count", {"status", "other_status", ""});
    for (size_t i = 0; i < known_.size(); ++i) {
      Add(plan, "_count", MetricType::untyped, "Jobs by status.", fmt::format("count_{}", i),
          {"status", "", known_[i]});
    }
    if (!config_.columns.queued_at.empty()) {
      Add(plan, "_oldest_queued_age_seconds", MetricType::gauge, "Age of the oldest job that waits; 0 if none does.",
          "oldest_queued");
    }
    if (!config_.columns.started_at.empty()) {
      Add(plan, "_oldest_running_age_seconds", MetricType::gauge,
          "How long the job that runs longest has been running; 0 if none runs.", "oldest_running");
      Add(plan, "_stuck", MetricType::gauge,
          fmt::format("Jobs that have been running longer than {}.", base::FormatDuration(config_.stuck_after)),
          "stuck");
    }
    const std::string window =
        config_.columns.finished_at.empty()
            ? "Jobs that failed."
            : fmt::format("Jobs that failed in the last {}.", base::FormatDuration(config_.failure_window));
    Add(plan, "_failed", MetricType::gauge, window, "failed");
    return plan;
  }

 private:
  void Add(QueryPlan& plan, std::string_view suffix, MetricType type, std::string help, std::string column,
           LabelSource label = {}) const {
    MetricSpec spec{
        config_.metric_prefix + std::string(suffix), type, std::move(help), {}, std::move(column), {}, true};
    spec.labels.push_back({"queue", "", config_.name});
    for (const std::string& name : config_.by) spec.labels.push_back({name, name, ""});
    if (!label.label.empty()) spec.labels.push_back(std::move(label));
    plan.metrics.push_back(std::move(spec));
  }

  std::string Status() const { return fmt::format("CAST({} AS text)", QuoteIdentifier(config_.columns.status)); }

  static std::string CountIf(const std::string& condition) {
    return fmt::format("coalesce(sum(CASE WHEN {} THEN n ELSE 0 END), 0)", condition);
  }

  // The inner query reads the table once, a row per group and status; the outer ones fold it.
  std::string Sql() const {
    std::string keys;
    for (const std::string& name : config_.by) keys += QuoteIdentifier(name) + ", ";
    std::string folded;
    std::string nulls;
    for (size_t i = 0; i < known_.size(); ++i) {
      folded += fmt::format("{} AS count_{}, ", CountIf("status = " + QuoteLiteral(known_[i])), i);
      nulls += "NULL, ";
    }
    const std::string group = config_.by.empty() ? "" : fmt::format("GROUP BY {} ", keys.substr(0, keys.size() - 2));
    return fmt::format(
        "WITH per_status AS (SELECT {0}{1} AS status, count(*) AS n, {2} FROM {3} GROUP BY {0}{1}) "
        "SELECT {0}NULL AS other_status, NULL AS other_count, {4}"
        "coalesce(max(oldest_queued), 0) AS oldest_queued, coalesce(max(oldest_running), 0) AS oldest_running, "
        "coalesce(sum(stuck), 0) AS stuck, coalesce(sum(failed), 0) AS failed FROM per_status {5}"
        "UNION ALL SELECT {0}coalesce(status, ''), n, {6}NULL, NULL, NULL, NULL FROM per_status "
        "WHERE status IS NULL OR status NOT IN ({7})",
        keys, Status(), Aggregates(), QuerySource(config_.table, config_.query), folded, group, nulls,
        QuoteList(known_));
  }

  std::string Aggregates() const {
    return fmt::format("{} AS oldest_queued, {} AS oldest_running, {} AS stuck, {} AS failed",
                       OldestAge(config_.statuses.queued, config_.columns.queued_at),
                       OldestAge(config_.statuses.running, config_.columns.started_at), Stuck(), Failed());
  }

  std::string Age(const std::string& column) const {
    return fmt::format("({} - {})", EpochNow(dialect_), EpochOf(dialect_, times_, QuoteIdentifier(column)));
  }

  std::string OldestAge(const std::vector<std::string>& statuses, const std::string& column) const {
    if (column.empty()) return "CAST(NULL AS numeric)";
    return fmt::format("max(CASE WHEN {} IN ({}) THEN {} END)", Status(), QuoteList(statuses), Age(column));
  }

  std::string Stuck() const {
    if (config_.columns.started_at.empty()) return "CAST(NULL AS numeric)";
    return fmt::format("sum(CASE WHEN {} IN ({}) AND {} > {} THEN 1 ELSE 0 END)", Status(),
                       QuoteList(config_.statuses.running), Age(config_.columns.started_at),
                       base::ToSeconds(config_.stuck_after));
  }

  std::string Failed() const {
    std::string condition = fmt::format("{} IN ({})", Status(), QuoteList(config_.statuses.failed));
    if (!config_.columns.finished_at.empty()) {
      condition +=
          fmt::format(" AND {} <= {}", Age(config_.columns.finished_at), base::ToSeconds(config_.failure_window));
    }
    return fmt::format("sum(CASE WHEN {} THEN 1 ELSE 0 END)", condition);
  }

  const JobsConfig& config_;
  const Dialect dialect_;
  const TimeColumn times_;
  std::vector<std::string> known_;  // statuses the configuration names
};

}  // namespace

std::vector<BoundCollector> MakeJobsCollectors(const CollectorSetup& setup) {
  std::vector<BoundCollector> all;
  for (const JobsConfig& config : setup.config.jobs) {
    const Dialect dialect = setup.dialect(setup.config, config.target);
    QueryPlan plan = JobsQuery(config, dialect, TimeColumn::typed).Plan();
    plan.fallback_sql = JobsQuery(config, dialect, TimeColumn::any).Plan().sql;
    all.push_back({config.target, MakeQueryCollector("jobs." + config.name, config.limits, {std::move(plan)},
                                                     setup.target_labels(setup.config, config.target))});
  }
  return all;
}

}  // namespace exporter
