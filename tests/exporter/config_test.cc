#include "exporter/config.h"

#include <gtest/gtest.h>

#include "exporter/collectors/collectors.h"
#include "exporter/exporter.h"
#include "tests/support/support.h"

namespace exporter {
namespace {

std::string Errors(const std::string& text, ExporterConfig* out = nullptr) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(text, "tocsin.yml", errors);
  ExporterConfig config;
  const bool good = ReadYaml(base::YamlReader(node, "collectors", errors), config);
  EXPECT_EQ(good, errors.empty());
  if (out != nullptr) *out = config;
  return errors.ToString();
}

const std::string kTarget = "targets: [{name: app, url: 'postgresql://u:geheim@h/db'}]\n";

TEST(ExporterConfig, Whole) {
  ExporterConfig config;
  ASSERT_EQ(Errors(kTarget + R"(
postgres:
  - {pools: {billing: 20}, long_query: 2m, without: [wal]}
jobs:
  - name: processing_jobs
    table: processing_jobs
    columns: {status: status, queued_at: created_at, started_at: started_at, finished_at: completed_at}
    statuses: {queued: [queued], running: [processing], failed: [failed]}
    stuck_after: 30m
    by: [tenant_id]
    time_zone: Asia/Tokyo
freshness:
  - {name: airbyte, time_zone: server, metric_prefix: airbyte, table: sync, key: [tenant], last_success: last_synced_at, status: s}
sql:
  - name: kpi
    query: SELECT 1
    min_interval: 30s
    max_rows: 7
    metrics:
      - {name: kpi_value, help: "Latest KPI value.", labels: [kpi_name, segment], value: value, skip_null: true}
      - {name: kpi_rows_total, type: counter, labels: {segment: seg}, static_labels: {site: demo}, value: n}
      - {name: kpi_seconds, type: histogram, buckets: {"1": b1, "0.5": b05, "+Inf": binf}, sum: s}
)",
                   &config),
            "");
  ASSERT_EQ(config.sql.size(), 1U);
  EXPECT_EQ(config.sql[0].target, "app");
  EXPECT_EQ(config.sql[0].limits.min_interval, std::chrono::seconds(30));
  EXPECT_EQ(config.sql[0].limits.max_rows, 7);
  EXPECT_EQ(config.sql[0].limits.time_zone, "UTC");
  EXPECT_EQ(config.jobs.at(0).limits.time_zone, "Asia/Tokyo");
  EXPECT_EQ(config.freshness.at(0).limits.time_zone, "");  // server
  EXPECT_EQ(config.postgres.at(0).limits.max_rows, 200'000);
  EXPECT_EQ(config.targets.at(0).connect_check, std::chrono::minutes(1));
  EXPECT_TRUE(config.sql[0].metrics.at(0).skip_null);
  EXPECT_FALSE(config.sql[0].metrics.at(1).skip_null);
  const MetricSpec& counter = config.sql[0].metrics.at(1);
  EXPECT_EQ(counter.type, MetricType::counter);
  ASSERT_EQ(counter.labels.size(), 2U);
  EXPECT_EQ(counter.labels[0].column, "seg");
  EXPECT_EQ(counter.labels[1].text, "demo");
  EXPECT_EQ(config.sql[0].metrics.at(2).histogram.buckets.front().second, "b05");
  EXPECT_EQ(config.jobs.at(0).statuses.running, std::vector<std::string>{"processing"});
  EXPECT_EQ(config.freshness.at(0).healthy, (std::vector<std::string>{"succeeded", "success", "ok"}));

  std::vector<std::string> names;
  for (const BoundCollector& bound : MakeCollectors(config)) {
    if (!bound.collector->name().starts_with("postgres.")) names.push_back(bound.collector->name());
    EXPECT_NE(bound.collector->name(), "postgres.wal");
  }
  EXPECT_EQ(names, (std::vector<std::string>{"jobs.processing_jobs", "freshness.airbyte", "sql.kpi"}));
}

TEST(ExporterConfig, Mistakes) {
  const struct {
    const char* name;
    std::string text;
    const char* want;
  } cases[] = {
      {"no targets", "sql: [{name: a, query: q, metrics: [{name: m, value: v}]}]",
       "tocsin.yml:1:7: collectors.sql[0]: there are no targets\n"},
      {"unknown target", kTarget + "sql: [{name: a, target: apq, query: q, metrics: [{name: m, value: v}]}]",
       "tocsin.yml:2:25: collectors.sql[0].target: no target \"apq\" (did you mean \"app\"?)\n"},
      {"URL that makes no sense", "targets: [{name: a, url: 'mysql://u:geheim@h/db'}]",
       "tocsin.yml:1:26: collectors.targets[0].url: expected a URL such as postgresql://user@host:5432/database or "
       "sqlite:///path/to/file.db\n"},
      {"malformed URL is not repeated", "targets: [{name: a, url: 'postgresql://u:geh%zzeim@h:x/db?nokey=1'}]",
       "tocsin.yml:1:26: collectors.targets[0].url: malformed connection string\n"},
      {"name given twice", "targets: [{name: a, url: 'sqlite:///a'}, {name: a, url: 'sqlite:///b'}]",
       "tocsin.yml:1:49: collectors.targets[1].name: \"a\" is the name of an earlier one\n"},
      {"which target",
       "targets: [{name: a, url: 'sqlite:///a'}, {name: b, url: 'sqlite:///b'}]\n"
       "sql: [{name: a, query: q, metrics: [{name: m, value: v}]}]",
       "tocsin.yml:2:7: collectors.sql[0]: target is missing: there are several targets\n"},
      {"postgres on SQLite", "targets: [{name: a, url: 'sqlite:///a'}]\npostgres: [{target: a}]",
       "tocsin.yml:2:21: collectors.postgres[0].target: target \"a\" is not a PostgreSQL database\n"},
      {"unknown part", kTarget + "postgres: [{without: [wall]}]",
       "tocsin.yml:2:23: collectors.postgres[0].without[0]: no part \"wall\" (did you mean \"wal\"?)\n"},
      {"metric name", kTarget + "sql: [{name: a, query: q, metrics: [{name: 9m, value: v}]}]",
       "tocsin.yml:2:44: collectors.sql[0].metrics[0].name: \"9m\" is not a metric name: letters, digits and \"_\", "
       "not "
       "starting with a digit\n"},
      {"label name", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, labels: [ok, not-ok], value: v}]}]",
       "tocsin.yml:2:60: collectors.sql[0].metrics[0].labels[1]: \"not-ok\" is not a label name: letters, digits and "
       "\"_\", not starting with a digit or \"__\"\n"},
      {"label twice", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, labels: [k, k], value: v}]}]",
       "tocsin.yml:2:55: collectors.sql[0].metrics[0].labels: label \"k\" is given twice\n"},
      {"type", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, type: guage, value: v}]}]",
       "tocsin.yml:2:53: collectors.sql[0].metrics[0].type: \"guage\" is not one of gauge, counter, histogram, info, "
       "untyped\n"},
      {"a number instead of a column", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, value: 1}]}]",
       "tocsin.yml:2:54: collectors.sql[0].metrics[0].value: 1 is a number, not a column; let the query give it: "
       "SELECT …, 1 AS one\n"},
      {"time zone", kTarget + "sql: [{name: a, query: q, time_zone: Europe/Berln, metrics: [{name: m, value: v}]}]",
       "tocsin.yml:2:38: collectors.sql[0].time_zone: no time zone \"Europe/Berln\"; write a name such as "
       "Europe/Berlin, "
       "UTC, or server\n"},
      {"time zone of SQLite",
       "targets: [{name: a, url: 'sqlite:///a'}]\nfreshness: [{name: f, table: t, last_success: c, time_zone: UTC}]",
       "tocsin.yml:2:61: collectors.freshness[0].time_zone: has no meaning for an SQLite database, whose times are "
       "UTC\n"},
      {"connect_timeout", "targets: [{name: a, url: 'sqlite:///a', connect_timeout: 0s}]",
       "tocsin.yml:1:58: collectors.targets[0].connect_timeout: must be more than zero\n"},
      {"no value", kTarget + "sql: [{name: a, query: q, metrics: [{name: m}]}]",
       "tocsin.yml:2:37: collectors.sql[0].metrics[0]: value is missing: which column is it?\n"},
      {"info", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, type: info, value: v}]}]",
       "tocsin.yml:2:66: collectors.sql[0].metrics[0].value: an info metric is always 1\n"
       "tocsin.yml:2:44: collectors.sql[0].metrics[0].name: an info metric's name must end in _info\n"},
      {"histogram", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, type: histogram, value: v}]}]",
       "tocsin.yml:2:37: collectors.sql[0].metrics[0]: a histogram needs either le (with value) or buckets\n"},
      {"histogram keys on a gauge", kTarget + "sql: [{name: a, query: q, metrics: [{name: m, le: l, value: v}]}]",
       "tocsin.yml:2:37: collectors.sql[0].metrics[0]: le, buckets, count and sum belong to a histogram; say type: "
       "histogram\n"},
      {"one name, two types",
       kTarget + "sql: [{name: a, query: q, metrics: [{name: m, value: v}, {name: m, type: untyped, value: v}]}]",
       "tocsin.yml:2:74: collectors.sql[0].metrics[1].type: metric \"m\" is a gauge elsewhere\n"},
      {"label of the target",
       "targets: [{name: a, url: 'sqlite:///a', labels: {site: x}}]\n"
       "sql: [{name: a, query: q, metrics: [{name: m, labels: [site], value: v}]}]",
       "tocsin.yml:2:55: collectors.sql[0].metrics[0].labels: label \"site\" is one the target gives already\n"},
      {"table or query", kTarget + "jobs: [{name: j}]",
       "tocsin.yml:2:8: collectors.jobs[0]: exactly one of table and query must be given\n"},
      {"by", kTarget + "jobs: [{name: j, table: t, by: [status]}]",
       "tocsin.yml:2:32: collectors.jobs[0].by: \"status\" is a label these metrics have already\n"},
      {"limits", kTarget + "sql: [{name: a, query: q, timeout: 0s, max_rows: -1, metrics: [{name: m, value: v}]}]",
       "tocsin.yml:2:36: collectors.sql[0].timeout: must be more than zero\n"
       "tocsin.yml:2:50: collectors.sql[0].max_rows: must be more than zero\n"},
      {"no metrics", kTarget + "sql: [{name: a, query: q, metrics: []}]",
       "tocsin.yml:2:36: collectors.sql[0].metrics: at least one metric is needed\n"},
      {"unknown key", kTarget + "sqll: []",
       "tocsin.yml:2:1: collectors: unknown key \"sqll\" (did you mean \"sql\"?)\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Errors(c.text), c.want);
  }
}

TEST(ExporterConfig, CreateRefusesWhatReadingWould) {
  test::FakeClock clock;
  ExporterConfig config;
  config.targets.push_back({"a", "mysql://x", {}, {}, {}});
  EXPECT_EQ(Exporter::Create(config, clock).error().message,
            "target a: expected a URL such as postgresql://user@host:5432/database or sqlite:///path/to/file.db");
  config.targets.clear();
  config.sql.push_back({"kpi", "b", "SELECT 1", {}, {}});
  EXPECT_EQ(Exporter::Create(config, clock).error().message, "collector sql.kpi: no target \"b\"");
}

TEST(ExporterConfig, EveryKindIsDocumented) {
  for (const CollectorKind& kind : CollectorKinds()) {
    EXPECT_FALSE(kind.fields().empty()) << kind.name;
    for (const base::FieldHelp& field : kind.fields()) EXPECT_FALSE(field.help.empty()) << field.key;
  }
}

}  // namespace
}  // namespace exporter
