#include "exporter/config.h"

#include <fmt/format.h>

#include "base/time_zone.h"
#include "exporter/collectors/collectors.h"
#include "exporter/config_reading.h"
#include "exporter/target.h"

namespace exporter {
namespace {

using base::Field;
using base::Optional;
using base::Required;
using base::YamlNode;
using base::YamlReader;

constexpr std::string_view kServerTimeZone = "server";

// PostgreSQL's zones are those of the system's zone files.
bool ReadTimeZone(const YamlReader& in, std::string& out) {
  if (!base::ReadYaml(in, out)) return false;
  if (out == kServerTimeZone) {
    out.clear();
    return true;
  }
  if (!out.empty() && base::TimeZone::Load(out)) return true;
  in.Fail(fmt::format("no time zone \"{}\"; write a name such as Europe/Berlin, UTC, or server", out));
  return false;
}

// The keys every collector has. `max_rows` is the default of that key, as text.
template <class T>
std::vector<Field<T>> WithLimits(std::vector<Field<T>> fields, std::string max_rows = "10000") {
  const auto add = [&](auto member, std::string key, std::string type, std::string default_value, std::string help) {
    fields.push_back({{std::move(key), std::move(type), std::move(default_value), std::move(help), false, nullptr},
                      [member](const YamlReader& in, T& out) { return base::ReadYaml(in, out.limits.*member); }});
  };
  add(&CollectorLimits::timeout, "timeout", "duration", "5s",
      "The longest a query may take; less where the scrape's deadline is nearer.");
  add(&CollectorLimits::lock_timeout, "lock_timeout", "duration", "500ms", "The longest a query waits for a lock.");
  add(&CollectorLimits::min_interval, "min_interval", "duration", "0s",
      "A result younger than this is served again instead of asking the database.");
  add(&CollectorLimits::max_rows, "max_rows", "number", std::move(max_rows),
      "Rows read at most; the rest is left out, counted, and makes the collector unsuccessful.");
  return fields;
}

// Beside the limits, for collectors that read an application's tables.
template <class T>
std::vector<Field<T>> WithTimeZone(std::vector<Field<T>> fields) {
  fields.push_back(
      {{"time_zone", "time zone", "UTC",
        "How a timestamp without zone and a date are read, and the zone of current_date; server leaves it to the role.",
        false, nullptr},
       [](const YamlReader& in, T& out) { return ReadTimeZone(in, out.limits.time_zone); }});
  return fields;
}

bool CheckLimits(const YamlReader& in, const CollectorLimits& limits) {
  const std::pair<std::string_view, bool> positive[] = {{"timeout", limits.timeout.count() > 0},
                                                        {"lock_timeout", limits.lock_timeout.count() > 0},
                                                        {"max_rows", limits.max_rows > 0}};
  bool good = true;
  for (const auto& [key, holds] : positive) {
    if (holds) continue;
    const YamlNode* const node = in.node().Find(key);
    in.Entry(node != nullptr ? *node : in.node(), key).Fail("must be more than zero");
    good = false;
  }
  return good;
}

bool CheckTableOrQuery(const YamlReader& in, const std::string& table, const std::string& query) {
  if (table.empty() == query.empty()) {
    in.Fail("exactly one of table and query must be given");
    return false;
  }
  return true;
}

const base::YamlSchema<JobsColumns>& JobsColumnsSchema() {
  static const base::YamlSchema<JobsColumns> schema(
      {Optional("status", "column", "status", &JobsColumns::status, "The job's status."),
       Optional("queued_at", "column", "", &JobsColumns::queued_at, "When it was queued."),
       Optional("started_at", "column", "", &JobsColumns::started_at, "When it began to run."),
       Optional("finished_at", "column", "", &JobsColumns::finished_at, "When it ended.")});
  return schema;
}

const base::YamlSchema<JobsStatuses>& JobsStatusesSchema() {
  static const base::YamlSchema<JobsStatuses> schema(
      {Optional("queued", "list of strings", "[queued]", &JobsStatuses::queued, "Statuses of jobs that wait."),
       Optional("running", "list of strings", "[running]", &JobsStatuses::running, "Statuses of jobs that run."),
       Optional("failed", "list of strings", "[failed]", &JobsStatuses::failed, "Statuses of jobs that failed.")});
  return schema;
}

}  // namespace

bool ReadYaml(const YamlReader& in, JobsColumns& out) { return JobsColumnsSchema().Read(in, out); }

bool ReadYaml(const YamlReader& in, JobsStatuses& out) {
  const auto clear_given = [&](std::string_view key, std::vector<std::string>& list) {
    if (in.node().Find(key) != nullptr) list.clear();
  };
  if (in.node().kind == YamlNode::Kind::map) {
    clear_given("queued", out.queued);
    clear_given("running", out.running);
    clear_given("failed", out.failed);
  }
  return JobsStatusesSchema().Read(in, out);
}

const base::YamlSchema<TargetConfig>& TargetSchema() {
  static const base::YamlSchema<TargetConfig> schema([] {
    std::vector<Field<TargetConfig>> fields = {
        Required("name", "string", &TargetConfig::name, "What collectors call it."),
        Required("url", "URL", &TargetConfig::url,
                 "postgresql://user@host:5432/database, a libpq keyword string, or sqlite:///path."),
        Optional("labels", "map", "", &TargetConfig::labels, "Labels for every series measured on it."),
        Optional("connect_timeout", "duration", "3s", &TargetConfig::connect_timeout,
                 "The longest connecting may take, the look-up of the host's name included."),
        Optional("connect_check", "duration", "1m", &TargetConfig::connect_check,
                 "How often a new connection to PostgreSQL is tried beside the kept one; 0s for never.")};
    for (auto& field : base::SecretFields("password", &TargetConfig::password, "The password, if the URL has none.")) {
      fields.push_back(std::move(field));
    }
    return fields;
  }());
  return schema;
}

bool ReadYaml(const YamlReader& in, TargetConfig& out) {
  bool good = TargetSchema().Read(in, out);
  if (!out.url.empty()) {
    if (const auto dialect = DialectOfUrl(out.url); !dialect) good = FailAt(in, "url", dialect.error().message);
  }
  if (out.connect_timeout.count() <= 0) good = FailAt(in, "connect_timeout", "must be more than zero");
  for (const auto& [label, value] : out.labels) {
    const YamlNode* const node = in.node().Find("labels");
    good = CheckLabelName(in.Entry(*node, "labels"), label) && good;
  }
  return good;
}

const base::YamlSchema<PostgresConfig>& PostgresSchema() {
  static const base::YamlSchema<PostgresConfig> schema(WithLimits<PostgresConfig>(
      {
          Optional("target", "string", "", &PostgresConfig::target, "The target; may be left out when there is one."),
          Optional("pools", "map of application_name to number", "", &PostgresConfig::pools,
                   "The most connections an application should hold; its share of that is measured."),
          Optional("long_query", "duration", "5m", &PostgresConfig::long_query, "Queries running longer are counted."),
          Optional("long_transaction", "duration", "5m", &PostgresConfig::long_transaction,
                   "Transactions open longer are counted."),
          Optional("only", "list of parts", "", &PostgresConfig::only, "Run these parts alone."),
          Optional("without", "list of parts", "", &PostgresConfig::without, "Leave these parts out."),
      },
      "200000"));
  return schema;
}

bool ReadYaml(const YamlReader& in, PostgresConfig& out) {
  bool good = PostgresSchema().Read(in, out) && CheckLimits(in, out.limits);
  const std::vector<std::string_view> parts = PostgresParts();
  const auto check = [&](std::string_view key, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (std::find(parts.begin(), parts.end(), names[i]) != parts.end()) continue;
      const auto proposal = base::DidYouMean(names[i], parts);
      in.Entry(*in.node().Find(key), key)
          .Item(i)
          .Fail(fmt::format("no part \"{}\"{}", names[i],
                            proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : ""));
      good = false;
    }
  };
  check("only", out.only);
  check("without", out.without);
  for (const auto& [application, limit] : out.pools) {
    if (limit <= 0) good = FailAt(in, "pools", fmt::format("the limit of \"{}\" must be more than zero", application));
  }
  return good;
}

const base::YamlSchema<JobsConfig>& JobsSchema() {
  static const base::YamlSchema<JobsConfig> schema(WithTimeZone(WithLimits<JobsConfig>({
      Required("name", "string", &JobsConfig::name, "The queue's name; the label queue."),
      Optional("target", "string", "", &JobsConfig::target, "The target; may be left out when there is one."),
      Optional("table", "table", "", &JobsConfig::table, "The table of jobs, with its schema if need be."),
      Optional("query", "SQL", "", &JobsConfig::query, "Instead of table: a query that gives a row per job."),
      Optional("columns", "map", "", &JobsConfig::columns, "Which column is what.", &JobsColumnsSchema().help()),
      Optional("statuses", "map", "", &JobsConfig::statuses, "Which statuses mean what.", &JobsStatusesSchema().help()),
      Optional("stuck_after", "duration", "30m", &JobsConfig::stuck_after, "Jobs running longer count as stuck."),
      Optional("failure_window", "duration", "1h", &JobsConfig::failure_window,
               "Failures are counted that ended within this time."),
      Optional("by", "list of columns", "", &JobsConfig::by,
               "Columns to break the numbers down by; they become labels."),
      Optional("metric_prefix", "metric name", "tocsin_jobs", &JobsConfig::metric_prefix,
               "How the metrics' names begin."),
  })));
  return schema;
}

bool ReadYaml(const YamlReader& in, JobsConfig& out) {
  bool good = JobsSchema().Read(in, out) && CheckLimits(in, out.limits);
  good = CheckTableOrQuery(in, out.table, out.query) && good;
  for (size_t i = 0; i < out.by.size(); ++i) {
    good = CheckLabelName(in.Entry(*in.node().Find("by"), "by").Item(i), out.by[i]) && good;
    if (out.by[i] == "queue" || out.by[i] == "status") {
      good = FailAt(in, "by", fmt::format("\"{}\" is a label these metrics have already", out.by[i]));
    }
  }
  return CheckMetricName(in, "metric_prefix", out.metric_prefix) && good;
}

const base::YamlSchema<FreshnessConfig>& FreshnessSchema() {
  static const base::YamlSchema<FreshnessConfig> schema(WithTimeZone(WithLimits<FreshnessConfig>({
      Required("name", "string", &FreshnessConfig::name, "The source's name; the label source."),
      Optional("target", "string", "", &FreshnessConfig::target, "The target; may be left out when there is one."),
      Optional("metric_prefix", "metric name", "tocsin_freshness", &FreshnessConfig::metric_prefix,
               "How the metrics' names begin; where it is given there is no label source."),
      Optional("table", "table", "", &FreshnessConfig::table, "The table, with its schema if need be."),
      Optional("query", "SQL", "", &FreshnessConfig::query, "Instead of table: a query with the columns named below."),
      Optional("key", "list of columns", "", &FreshnessConfig::key, "What is fresh or stale; they become labels."),
      Required("last_success", "column", &FreshnessConfig::last_success, "When it last succeeded."),
      Optional("status", "column", "", &FreshnessConfig::status, "The last status."),
      Optional("healthy", "list of strings", "[succeeded, success, ok]", &FreshnessConfig::healthy,
               "Statuses that mean all is well; compared without case."),
      Optional("run_at", "column", "", &FreshnessConfig::run_at,
               "Where a row is a run: when it ran. The latest gives the status, and only healthy runs are successes."),
  })));
  return schema;
}

bool ReadYaml(const YamlReader& in, FreshnessConfig& out) {
  if (in.node().kind == YamlNode::Kind::map && in.node().Find("healthy") != nullptr) out.healthy.clear();
  bool good = FreshnessSchema().Read(in, out) && CheckLimits(in, out.limits);
  good = CheckTableOrQuery(in, out.table, out.query) && good;
  for (size_t i = 0; i < out.key.size(); ++i) {
    good = CheckLabelName(in.Entry(*in.node().Find("key"), "key").Item(i), out.key[i]) && good;
    const bool taken = out.key[i] == "status" || (out.key[i] == "source" && out.metric_prefix.empty());
    if (taken) {
      good = FailAt(in, "key", fmt::format("\"{}\" is a label these metrics have already", out.key[i]));
    }
  }
  if (!out.run_at.empty() && out.status.empty()) good = FailAt(in, "run_at", "needs a status column beside it");
  return (out.metric_prefix.empty() || CheckMetricName(in, "metric_prefix", out.metric_prefix)) && good;
}

const base::YamlSchema<SqlConfig>& SqlSchema() {
  static const base::YamlSchema<SqlConfig> schema(WithTimeZone(WithLimits<SqlConfig>({
      Required("name", "string", &SqlConfig::name, "The collector's name, in messages and metrics."),
      Optional("target", "string", "", &SqlConfig::target, "The target; may be left out when there is one."),
      Required("query", "SQL", &SqlConfig::query, "One statement that reads."),
      Required("metrics", "list of metrics", &SqlConfig::metrics, "What becomes of the rows.", &MetricSchema().help()),
  })));
  return schema;
}

bool ReadYaml(const YamlReader& in, SqlConfig& out) {
  const bool good = SqlSchema().Read(in, out) && CheckLimits(in, out.limits);
  if (good && out.metrics.empty()) return FailAt(in, "metrics", "at least one metric is needed");
  return good;
}

}  // namespace exporter
