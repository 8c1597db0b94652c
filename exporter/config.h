#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/yaml/yaml.h"
#include "exporter/metric_family.h"

// The `collectors:` section: databases, and what is measured on them. Values; the tables in config.cc read and
// document them. ${ENV} is expanded before this room sees the text.

namespace exporter {

struct TargetConfig {
  std::string name;
  std::string url;  // postgresql://user:password@host:port/database, "host=… dbname=…", sqlite:///path
  base::Secret password;
  std::map<std::string, std::string> labels;  // on every series of the target
  base::Duration connect_timeout = std::chrono::seconds(3);
  base::Duration connect_check = std::chrono::minutes(1);  // 0: never
};

// What every collector can limit, and the conditions its queries run under.
struct CollectorLimits {
  base::Duration timeout = std::chrono::seconds(5);
  base::Duration lock_timeout = std::chrono::milliseconds(500);
  base::Duration min_interval{0};
  int max_rows = 10'000;
  std::string time_zone = "UTC";  // of each transaction on PostgreSQL; empty: the role's own
};

struct PostgresConfig {
  std::string target;
  std::map<std::string, int> pools;  // application_name -> the most connections it should hold
  base::Duration long_query = std::chrono::minutes(5);
  base::Duration long_transaction = std::chrono::minutes(5);
  std::vector<std::string> only;                   // parts to run; empty for all
  std::vector<std::string> without;                // parts not to run
  CollectorLimits limits = {.max_rows = 200'000};  // a row per table, where there are many
};

struct JobsColumns {
  std::string status = "status";
  std::string queued_at;
  std::string started_at;
  std::string finished_at;
};

struct JobsStatuses {
  std::vector<std::string> queued = {"queued"};
  std::vector<std::string> running = {"running"};
  std::vector<std::string> failed = {"failed"};
};

struct JobsConfig {
  std::string name;
  std::string target;
  std::string table;
  std::string query;
  JobsColumns columns;
  JobsStatuses statuses;
  base::Duration stuck_after = std::chrono::minutes(30);
  base::Duration failure_window = std::chrono::hours(1);
  std::vector<std::string> by;
  std::string metric_prefix = "tocsin_jobs";
  CollectorLimits limits;
};

struct FreshnessConfig {
  std::string name;
  std::string target;
  std::string metric_prefix;  // empty: tocsin_freshness, with the label source=<name>
  std::string table;
  std::string query;
  std::vector<std::string> key;
  std::string last_success;
  std::string status;
  std::vector<std::string> healthy = {"succeeded", "success", "ok"};
  std::string run_at;  // given: rows are runs, the latest by this column tells the status
  CollectorLimits limits;
};

// A label and the column or the fixed text it comes from.
struct LabelSource {
  std::string label;
  std::string column;  // empty: `text` counts
  std::string text;
};

struct HistogramColumns {
  std::string le;                                       // a row per bucket: the column of the upper bound …
  std::vector<std::pair<double, std::string>> buckets;  // … or a column per bucket, with cumulative counts
  std::string count;
  std::string sum;
};

// How rows become samples of one family.
struct MetricSpec {
  std::string name;
  MetricType type = MetricType::gauge;
  std::string help;
  std::vector<LabelSource> labels;
  std::string value;  // column; empty for info metrics, whose value is 1
  HistogramColumns histogram;
  bool skip_null = false;  // NULL says "no sample here", and is no loss worth counting
};

struct SqlConfig {
  std::string name;
  std::string target;
  std::string query;
  std::vector<MetricSpec> metrics;
  CollectorLimits limits;
};

struct ExporterConfig {
  std::vector<TargetConfig> targets;
  std::vector<PostgresConfig> postgres;
  std::vector<JobsConfig> jobs;
  std::vector<FreshnessConfig> freshness;
  std::vector<SqlConfig> sql;
};

// Reads the section and checks what one key alone can't tell: names given twice, targets that don't exist, metrics of
// one name that disagree. All mistakes go to the reader's errors.
bool ReadYaml(const base::YamlReader& in, ExporterConfig& out);

// The parts of it; each complains of what it can tell alone.
bool ReadYaml(const base::YamlReader& in, TargetConfig& out);
bool ReadYaml(const base::YamlReader& in, PostgresConfig& out);
bool ReadYaml(const base::YamlReader& in, JobsConfig& out);
bool ReadYaml(const base::YamlReader& in, FreshnessConfig& out);
bool ReadYaml(const base::YamlReader& in, SqlConfig& out);
bool ReadYaml(const base::YamlReader& in, MetricSpec& out);

const base::YamlSchema<MetricSpec>& MetricSchema();
const base::YamlSchema<TargetConfig>& TargetSchema();
const base::YamlSchema<PostgresConfig>& PostgresSchema();
const base::YamlSchema<JobsConfig>& JobsSchema();
const base::YamlSchema<FreshnessConfig>& FreshnessSchema();
const base::YamlSchema<SqlConfig>& SqlSchema();
const base::YamlSchema<ExporterConfig>& CollectorsSchema();

}  // namespace exporter
