#include "tests/support/postgres.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/exporter/page.h"

namespace {

using test::ExporterFixture;
using test::PostgresCluster;
using test::ValueOf;

// A database of its own in the shared cluster, dropped at the end.
class Database {
 public:
  explicit Database(std::string name) : name_(std::move(name)) { Cluster().Query("CREATE DATABASE " + name_); }
  ~Database() { Cluster().Query("DROP DATABASE " + name_ + " WITH (FORCE)"); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  static PostgresCluster& Cluster() { return PostgresCluster::Shared(); }
  std::string Query(std::string_view sql) const { return Cluster().Query(sql, name_); }
  std::string Target() const { return "targets: [{name: app, url: '" + Cluster().url(name_) + "'}]\n"; }

 private:
  const std::string name_;
};

std::string SqlConfig(const std::string& query, const std::string& more = "") {
  return "sql:\n  - name: q\n    query: \"" + query + "\"\n" + more +
         "    metrics: [{name: m, labels: {k: k}, value: v}]\n";
}

TEST(Postgres, ValuesEqualPsqls) {
  const Database database("values_db");
  database.Query(
      "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, md5(g::text) FROM "
      "generate_series(1, 500) g; DELETE FROM t WHERE id <= 20; CREATE SCHEMA \"s\"\"x\"; CREATE TABLE "
      "\"s\"\"x\".\"T 1\" (a int); SELECT * FROM t; ANALYZE");
  ExporterFixture fixture(database.Target() + "postgres: [{pools: {psql: 4, other: 10}}]\n");
  fixture.Page();
  ASSERT_TRUE(test::WaitFor(
      [&] { return database.Query("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'") == "20"; }));
  const std::string page = fixture.Page();
  const std::pair<std::string, const char*> cases[] = {
      {"pg_up", "SELECT 1"},
      {"pg_settings_max_connections", "SHOW max_connections"},
      {"pg_settings_shared_buffers_bytes", "SELECT pg_size_bytes(current_setting('shared_buffers'))"},
      {"pg_stat_user_tables_n_live_tup{datname=\"values_db\",relname=\"t\",schemaname=\"public\"}",
       "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 't'"},
      {"pg_stat_user_tables_n_dead_tup{datname=\"values_db\",relname=\"t\",schemaname=\"public\"}",
       "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'"},
      {"pg_stat_user_tables_seq_scan{datname=\"values_db\",relname=\"t\",schemaname=\"public\"}",
       "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 't'"},
      {"pg_stat_user_tables_table_size_bytes{datname=\"values_db\",relname=\"t\",schemaname=\"public\"}",
       "SELECT pg_table_size('t')"},
      {"pg_stat_user_tables_index_size_bytes{datname=\"values_db\",relname=\"t\",schemaname=\"public\"}",
       "SELECT pg_indexes_size('t')"},
      {"pg_stat_user_tables_n_live_tup{datname=\"values_db\",relname=\"T 1\",schemaname=\"s\\\"x\"}", "SELECT 0"},
      {"pg_database_size_bytes{datname=\"values_db\"}", "SELECT pg_database_size('values_db')"},
      {"pg_static{short_version=\"" + database.Query("SHOW server_version").substr(0, 5) + "\",version=\"" +
           database.Query("SELECT version()") + "\"}",
       "SELECT 1"},
      {"tocsin_pg_pool_limit{application_name=\"psql\"}", "SELECT 4"},
      {"tocsin_pg_pool_used_ratio{application_name=\"other\"}", "SELECT 0"},
      {"pg_stat_activity_count{application_name=\"\",backend_type=\"\",datname=\"values_db\",state=\"idle\","
       "usename=\"\",wait_event=\"\",wait_event_type=\"\"}",
       "SELECT 0"},
      {"pg_replication_is_replica", "SELECT pg_is_in_recovery()::int"},
  };
  for (const auto& [series, sql] : cases) EXPECT_EQ(ValueOf(page, series), database.Query(sql)) << series;
  for (const std::string& name : fixture.exporter().collector_names()) {
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"" + name + "\"}"), "1") << name;
  }
}

TEST(Postgres, PromtoolHasNothingToSay) {
  const Database database("lint_db");
  database.Query(
      "CREATE TABLE t (status text, at timestamptz); CREATE TABLE u (k text, at timestamptz, s text);"
      "INSERT INTO t VALUES ('queued', now()); INSERT INTO u VALUES ('k', now(), 'ok')");
  ExporterFixture fixture(database.Target() + R"(
postgres: [{pools: {psql: 4}}]
jobs: [{name: j, table: t, columns: {queued_at: at, started_at: at, finished_at: at}}]
freshness: [{name: f, table: u, key: [k], last_success: at, status: s}]
sql: [{name: bad, query: SELEC, metrics: [{name: m, value: v}]}]
)");
  fixture.Page();
  const test::TemporaryDirectory directory;
  for (const auto format : {exporter::ExpositionFormat::text, exporter::ExpositionFormat::openmetrics}) {
    const std::string page = fixture.exporter().CollectText(test::In(std::chrono::seconds(20)), format);
    EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"syntax\",collector=\"sql.bad\"}"),
              format == exporter::ExpositionFormat::text ? "2" : "3");
    if (format == exporter::ExpositionFormat::openmetrics) {
      EXPECT_TRUE(page.ends_with("# EOF\n"));
      continue;
    }
    const std::string file = directory.Write("page", page);
    std::FILE* const promtool = popen(("promtool check metrics < " + file + " 2>&1").c_str(), "r");
    char buffer[8192];
    const std::string said(buffer, fread(buffer, 1, sizeof buffer, promtool));
    EXPECT_EQ(pclose(promtool), 0);
    EXPECT_EQ(said, "");
  }
}

TEST(Postgres, SqlRows) {
  const Database database("rows_db");
  ExporterFixture fixture(
      database.Target() +
      SqlConfig("SELECT * FROM (VALUES ('a', 1.5::float8), ('nan', 'NaN'), ('inf', '-Infinity'), ('n', NULL), "
                "(NULL, 3), ('a', 99), ('tiny', 0.1::float8 + 0.2::float8)) AS x (k, v)"));
  const std::string page = fixture.Page();
  const std::pair<const char*, const char*> want[] = {
      {"m{k=\"a\"}", "1.5"},
      {"m{k=\"nan\"}", "NaN"},
      {"m{k=\"inf\"}", "-Inf"},
      {"m{k=\"n\"}", "absent"},
      {"m{k=\"\"}", "3"},
      {"m{k=\"tiny\"}", "0.30000000000000004"},
      {"tocsin_collector_dropped_rows_total{collector=\"sql.q\",reason=\"null_value\"}", "1"},
      {"tocsin_collector_dropped_rows_total{collector=\"sql.q\",reason=\"duplicate\"}", "1"},
      {"tocsin_collector_series{collector=\"sql.q\"}", "5"},
      {"tocsin_collector_success{collector=\"sql.q\"}", "1"},
      {"tocsin_collector_last_success_timestamp_seconds{collector=\"sql.q\"}", "1700000000"}};
  for (const auto& [series, value] : want) EXPECT_EQ(ValueOf(page, series), value) << series;
}

TEST(Postgres, ErrorClasses) {
  const Database database("errors_db");
  database.Query(
      "CREATE TABLE t (k text, v int); CREATE FUNCTION write_it() RETURNS int LANGUAGE sql AS "
      "'INSERT INTO t VALUES (1, 2) RETURNING v'");
  const struct {
    const char* query;
    const char* failure;
  } cases[] = {
      {"SELEC 1", "syntax"},
      {"SELECT 1 AS k, 2 AS v; DROP TABLE t", "syntax"},
      {"SELECT 1 AS k, 2 AS v; COMMIT; DROP TABLE t", "syntax"},
      {"SELECT k, v FROM missing", "missing_object"},
      {"SELECT k, w FROM t", "missing_object"},
      {"INSERT INTO t VALUES ('a', 1) RETURNING k, v", "syntax"},
      {"SELECT 'a' AS k, write_it() AS v", "read_only"},
      {"SELECT set_config('transaction_read_only', 'off', false) AS k, write_it() AS v", "syntax"},
      {"SELECT 'a' AS k, pg_sleep(600) AS v", "timeout"},
      {"SELECT 'a' AS k, 1 / (SELECT count(*) FROM t) AS v", "data"},
      {"SELECT k FROM t", "missing_column"},
      {"SELECT g AS k, g AS v FROM generate_series(1, 101) g", "row_limit"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const std::string limit = std::string_view(c.failure) == "timeout" ? "300ms" : "60s";
    ExporterFixture fixture(database.Target() + SqlConfig(c.query, "    timeout: " + limit + "\n    max_rows: 100\n"));
    const auto report = fixture.exporter().Probe("sql.q", test::In(std::chrono::seconds(20)));
    ASSERT_TRUE(report.has_value()) << report.error().message;
    ASSERT_EQ(report->errors.size(), 1U);
    // PostgreSQL says invalid_parameter_value (22023) when a transaction is asked to write after its first query
    const std::string_view got = exporter::ToString(report->errors[0].failure);
    if (std::string_view(c.query).find("set_config") != std::string_view::npos) {
      EXPECT_TRUE(got == "other" || got == "data" || got == "read_only") << got << report->errors[0].message;
    } else {
      EXPECT_EQ(got, c.failure) << report->errors[0].message;
    }
  }
  EXPECT_EQ(database.Query("SELECT count(*) FROM t"), "0");
}

TEST(Postgres, WhatTheRoleMayNotReadIsAPermission) {
  const Database database("permission_db");
  database.Query("CREATE ROLE limited LOGIN; CREATE TABLE secret (k text, v int)");
  ExporterFixture fixture("targets: [{name: app, url: '" + PostgresCluster::Shared().url("permission_db", "limited") +
                          "'}]\n" + SqlConfig("SELECT k, v FROM secret"));
  EXPECT_EQ(ValueOf(fixture.Page(), "tocsin_collector_errors_total{class=\"permission\",collector=\"sql.q\"}"), "1");
  database.Query("DROP ROLE limited");
}

// Statements that give rows and that no cursor can be declared for.
TEST(Postgres, ShowIsAsked) {
  const Database database("show_db");
  database.Query("ALTER DATABASE show_db SET work_mem = 4096");
  const struct {
    const char* query;
    const char* value;
    const char* rows;  // how many the collector left out for not being numbers
    const char* failure;
  } cases[] = {
      {"/* kB */ SHOW max_connections;", "40", "absent", ""},
      {"EXPLAIN SELECT 1", "absent", "1", ""},
      {"SHOW nothing_of_the_kind", "absent", "absent", "missing_object"},
      {"SHOW max_connections; SHOW work_mem", "absent", "absent", "syntax"},
      {"SHOW ALL", "absent", "absent", "row_limit"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const std::string column = std::string_view(c.query).starts_with("EXPLAIN") ? "QUERY PLAN" : "max_connections";
    ExporterFixture fixture(database.Target() + "sql:\n  - name: q\n    query: \"" + c.query +
                            "\"\n    max_rows: 10\n    metrics: [{name: m, value: " +
                            (c.failure == std::string_view("row_limit") ? "setting" : column) + "}]\n");
    const std::string page = fixture.Page();
    EXPECT_EQ(ValueOf(page, "m"), c.failure == std::string_view("row_limit") ? ValueOf(page, "m") : c.value);
    if (*c.failure == '\0') {
      EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.q\"}"), "1");
      EXPECT_EQ(ValueOf(page, "tocsin_collector_dropped_rows_total{collector=\"sql.q\",reason=\"not_a_number\"}"),
                c.rows);
    } else {
      EXPECT_EQ(
          ValueOf(page, std::string("tocsin_collector_errors_total{class=\"") + c.failure + "\",collector=\"sql.q\"}"),
          "1");
    }
  }
}

// Noon of 2 January 2026 UTC, as columns that say it in different ways; the role and the database live in Tokyo.
TEST(Postgres, TimesWithoutZone) {
  const Database database("zones_db");
  database.Query(
      "ALTER DATABASE zones_db SET timezone = 'Asia/Tokyo'; CREATE TABLE t (k text, naive timestamp, zoned "
      "timestamptz, "
      "day date, words text); INSERT INTO t VALUES ('a', '2026-01-02 12:00', '2026-01-02 12:00+00', '2026-01-02', "
      "'2026-01-02 12:00'); CREATE TABLE jobs (status text, at timestamp); INSERT INTO jobs VALUES ('queued', now() AT "
      "TIME ZONE 'UTC')");
  constexpr int64_t kNoon = 1767355200;
  constexpr int64_t kHour = 3600;
  const struct {
    const char* setting;
    int64_t shift;  // how much earlier a time without zone is than in UTC
  } cases[] = {{"", 0}, {", time_zone: Europe/Berlin", kHour}, {", time_zone: server", 9 * kHour}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.setting);
    std::string freshness;
    for (const char* column : {"naive", "zoned", "day", "words"}) {
      freshness +=
          std::string("  - {name: ") + column + ", table: t, key: [k], last_success: " + column + c.setting + "}\n";
    }
    ExporterFixture fixture(database.Target() + "freshness:\n" + freshness +
                            "jobs:\n  - {name: j, table: jobs, columns: {queued_at: at}" + c.setting +
                            "}\nsql:\n  - {name: q, query: \"SELECT extract(epoch FROM now() - at) AS v FROM jobs\"" +
                            c.setting + ", metrics: [{name: age, value: v}]}\n");
    const std::string page = fixture.Page();
    const auto last = [&](const std::string& source) {
      return ValueOf(page, "tocsin_freshness_last_success_timestamp_seconds{k=\"a\",source=\"" + source + "\"}");
    };
    EXPECT_EQ(last("naive"), std::to_string(kNoon - c.shift));
    EXPECT_EQ(last("words"), std::to_string(kNoon - c.shift));
    EXPECT_EQ(last("day"), std::to_string(kNoon - 12 * kHour - c.shift));
    EXPECT_EQ(last("zoned"), std::to_string(kNoon));
    for (const char* series : {"tocsin_jobs_oldest_queued_age_seconds{queue=\"j\"}", "age"}) {
      const double age = std::stod(ValueOf(page, series)) - static_cast<double>(c.shift);
      EXPECT_TRUE(age >= 0 && age < kHour) << series << age;
    }
  }
}

TEST(Postgres, ValuesThatAreTimes) {
  const Database database("time_values_db");
  database.Query(
      "ALTER DATABASE time_values_db SET timezone = 'Asia/Tokyo'; ALTER DATABASE time_values_db SET datestyle = "
      "'German'");
  const std::string query =
      "SELECT '2026-01-02 12:00+00'::timestamptz AS zoned, '2026-01-02 12:00'::timestamp AS naive, '2026-01-02'::date "
      "AS "
      "day, 'infinity'::timestamp AS never, interval '90 s' AS took";
  std::string metrics;
  for (const char* column : {"zoned", "naive", "day", "never", "took"}) {
    metrics += std::string(metrics.empty() ? "" : ", ") + "{name: " + column + ", value: " + column + "}";
  }
  testing::internal::CaptureStderr();
  ExporterFixture fixture(
      database.Target() + "sql:\n  - {name: q, query: \"" + query + "\", metrics: [" + metrics +
      "]}\n  - {name: b, time_zone: Europe/Berlin, query: \"SELECT '2026-01-02 12:00'::timestamp AS " +
      "v, '2026-01-02 12:00+00'::timestamptz AS z\", metrics: [{name: in_berlin, value: v}, {name: "
      "in_berlin_zoned, value: z}]}\n");
  const std::string page = fixture.Page();
  const std::pair<const char*, const char*> want[] = {{"zoned", "1767355200"},
                                                      {"naive", "1767355200"},
                                                      {"day", "1767312000"},
                                                      {"never", "+Inf"},
                                                      {"took", "absent"},
                                                      {"in_berlin", "1767351600"},
                                                      {"in_berlin_zoned", "1767355200"}};
  for (const auto& [series, value] : want) EXPECT_EQ(ValueOf(page, series), value) << series;
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("left out: not_a_number (column took)"), std::string::npos) << log;
}

// Laravel's jobs table, for one, keeps its times as seconds since 1970.
TEST(Postgres, TimesThatAreNumbers) {
  const Database database("epoch_db");
  database.Query(
      "CREATE TABLE jobs (status text, queued int, started bigint, done float8);"
      "INSERT INTO jobs VALUES ('queued', extract(epoch FROM now()) - 100, NULL, NULL),"
      "('running', 0, extract(epoch FROM now()) - 7200, NULL), ('failed', 0, 0, extract(epoch FROM now()) - 60);"
      "CREATE TABLE runs (k text, at numeric, s text); INSERT INTO runs VALUES ('a', 1000, 'ok'), ('a', 2000, 'bad')");
  ExporterFixture fixture(database.Target() + R"(
jobs: [{name: j, table: jobs, columns: {queued_at: queued, started_at: started, finished_at: done}}]
freshness:
  - {name: f, table: runs, key: [k], last_success: at, status: s, run_at: at}
  - {name: broken, query: SELEC, last_success: at}
)");
  for (int i = 0; i < 2; ++i) {
    const std::string page = fixture.Page();
    const double queued = std::stod(ValueOf(page, "tocsin_jobs_oldest_queued_age_seconds{queue=\"j\"}"));
    EXPECT_TRUE(queued >= 99 && queued < 1000) << queued;
    EXPECT_EQ(ValueOf(page, "tocsin_jobs_stuck{queue=\"j\"}"), "1");
    EXPECT_EQ(ValueOf(page, "tocsin_jobs_failed{queue=\"j\"}"), "1");
    EXPECT_EQ(ValueOf(page, "tocsin_freshness_last_success_timestamp_seconds{k=\"a\",source=\"f\"}"), "1000");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"jobs.j\"}"), "1");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"syntax\",collector=\"freshness.broken\"}"),
              std::to_string(i + 1));
  }
}

TEST(Postgres, ManyTablesAreNotCutInSilence) {
  const Database database("many_tables_db");
  database.Query("CREATE TABLE a (v int); CREATE TABLE b (v int); CREATE TABLE c (v int)");
  ExporterFixture fixture(database.Target() + "postgres: [{only: [stat_user_tables], max_rows: 2}]\n");
  const std::string page = fixture.Page();
  const std::string part = "collector=\"postgres.stat_user_tables\"";
  EXPECT_EQ(ValueOf(page, "tocsin_collector_success{" + part + "}"), "0");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"row_limit\"," + part + "}"), "1");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_dropped_rows_total{" + part + ",reason=\"row_limit\"}"), "1");
}

// More rows than could be read within the query's timeout.
TEST(Postgres, EndlessRowsAreCapped) {
  const Database database("rows_many_db");
  ExporterFixture fixture(database.Target() + SqlConfig("SELECT generate_series(1, 1000000000000) AS k, 1 AS v",
                                                        "    max_rows: 12000\n    timeout: 60s\n"));
  const std::string page = fixture.Page(std::chrono::seconds(120));
  EXPECT_EQ(ValueOf(page, "tocsin_collector_series{collector=\"sql.q\"}"), "12000");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.q\"}"), "0");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"row_limit\",collector=\"sql.q\"}"), "1");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_dropped_rows_total{collector=\"sql.q\",reason=\"row_limit\"}"), "1");
}

TEST(Postgres, YoungResultsAreServedAgain) {
  const Database database("cache_db");
  database.Query("CREATE SEQUENCE s; CREATE TABLE t AS SELECT 'a' AS k, 1 AS v");
  ExporterFixture fixture(database.Target() + SqlConfig("SELECT k, v FROM t", "    min_interval: 1h\n"));
  EXPECT_EQ(ValueOf(fixture.Page(), "m{k=\"a\"}"), "1");
  database.Query("UPDATE t SET v = 2");
  EXPECT_EQ(ValueOf(fixture.Page(), "m{k=\"a\"}"), "1");
}

TEST(Postgres, Jobs) {
  const Database database("jobs_db");
  database.Query(
      "CREATE TYPE state AS ENUM ('queued', 'processing', 'failed', 'completed', 'odd');"
      "CREATE TABLE jobs (tenant_id int, status state, created_at timestamp, started_at timestamptz, done timestamptz);"
      "INSERT INTO jobs VALUES (1, 'queued', now() - interval '90 s'), (1, 'queued', now() - interval '10 s'),"
      "(1, 'completed', now() - interval '9 days'), (2, 'odd', NULL), (2, NULL, NULL);"
      "INSERT INTO jobs VALUES (2, 'processing', now(), now() - interval '31 minutes', NULL),"
      "(2, 'processing', now(), now() - interval '29 minutes', NULL),"
      "(1, 'failed', now(), now(), now() - interval '59 minutes'),"
      "(1, 'failed', now(), now(), now() - interval '61 minutes')");
  const std::string columns =
      "columns: {queued_at: created_at, started_at: started_at, finished_at: done}, statuses: {running: [processing]}";
  ExporterFixture fixture(database.Target() + "jobs:\n  - {name: all, table: public.jobs, " + columns +
                          "}\n  - {name: by, query: 'SELECT * FROM jobs;', by: [tenant_id], " + columns + "}\n" +
                          "  - {name: none, query: 'SELECT * FROM jobs WHERE false', " + columns + "}\n");
  const std::string page = fixture.Page();
  const std::pair<const char*, const char*> want[] = {
      {"tocsin_jobs_count{queue=\"all\",status=\"queued\"}", "2"},
      {"tocsin_jobs_count{queue=\"all\",status=\"completed\"}", "1"},
      {"tocsin_jobs_count{queue=\"all\",status=\"\"}", "1"},
      {"tocsin_jobs_stuck{queue=\"all\"}", "1"},
      {"tocsin_jobs_failed{queue=\"all\"}", "1"},
      {"tocsin_jobs_count{queue=\"by\",status=\"queued\",tenant_id=\"2\"}", "0"},
      {"tocsin_jobs_count{queue=\"by\",status=\"failed\",tenant_id=\"1\"}", "2"},
      {"tocsin_jobs_stuck{queue=\"by\",tenant_id=\"2\"}", "1"},
      {"tocsin_jobs_oldest_queued_age_seconds{queue=\"by\",tenant_id=\"2\"}", "0"},
      {"tocsin_jobs_count{queue=\"none\",status=\"failed\"}", "0"},
      {"tocsin_jobs_stuck{queue=\"none\"}", "0"},
      {"tocsin_jobs_oldest_running_age_seconds{queue=\"none\"}", "0"},
  };
  for (const auto& [series, value] : want) EXPECT_EQ(ValueOf(page, series), value) << series;
  const double queued = std::stod(ValueOf(page, "tocsin_jobs_oldest_queued_age_seconds{queue=\"all\"}"));
  EXPECT_TRUE(queued >= 90 && queued < 600) << queued;
}

TEST(Postgres, Freshness) {
  const Database database("freshness_db");
  database.Query(
      "CREATE TABLE \"TenantSync\" (tenant text, last_synced_at timestamptz, last_job_status text);"
      "INSERT INTO \"TenantSync\" VALUES ('a', to_timestamp(1000), 'Succeeded'), ('b', to_timestamp(2000), 'failed'), "
      "('c', NULL, NULL); CREATE TABLE runs (pipe text, at timestamptz, ok text); INSERT INTO runs VALUES "
      "('x', to_timestamp(10), 'success'), ('x', to_timestamp(30), 'failure'), ('x', to_timestamp(20), 'success')");
  ExporterFixture fixture(database.Target() + R"(
freshness:
  - {name: airbyte, metric_prefix: airbyte, table: TenantSync, key: [tenant], last_success: last_synced_at,
     status: last_job_status, healthy: [succeeded]}
  - {name: runs, table: runs, key: [pipe], last_success: at, status: ok, run_at: at}
  - {name: plain, query: "SELECT to_timestamp(5) AS at", last_success: at}
)");
  const std::string page = fixture.Page();
  const std::pair<const char*, const char*> want[] = {
      {"airbyte_last_success_timestamp_seconds{tenant=\"a\"}", "1000"},
      {"airbyte_last_success_timestamp_seconds{tenant=\"c\"}", "0"},
      {"airbyte_healthy{tenant=\"a\"}", "1"},
      {"airbyte_healthy{tenant=\"b\"}", "0"},
      {"airbyte_healthy{tenant=\"c\"}", "0"},
      {"airbyte_status{status=\"failed\",tenant=\"b\"}", "1"},
      {"tocsin_freshness_last_success_timestamp_seconds{pipe=\"x\",source=\"runs\"}", "20"},
      {"tocsin_freshness_healthy{pipe=\"x\",source=\"runs\"}", "0"},
      {"tocsin_freshness_status{pipe=\"x\",source=\"runs\",status=\"failure\"}", "1"},
      {"tocsin_freshness_last_success_timestamp_seconds{source=\"plain\"}", "5"},
  };
  for (const auto& [series, value] : want) EXPECT_EQ(ValueOf(page, series), value) << series;
}

TEST(Postgres, SeveralTargetsAreToldApart) {
  const Database one("one_db");
  const std::string url = PostgresCluster::Shared().url("one_db");
  ExporterFixture fixture("targets:\n  - {name: a, url: '" + url + "', labels: {site: x}}\n  - {name: b, url: '" + url +
                          "'}\nsql:\n"
                          "  - {name: q, target: a, query: SELECT 1 AS v, metrics: [{name: m, value: v}]}\n"
                          "  - {name: r, target: b, query: SELECT 2 AS v, metrics: [{name: m, value: v}]}\n");
  const std::string page = fixture.Page();
  EXPECT_EQ(ValueOf(page, "m{site=\"x\",target=\"a\"}"), "1");
  EXPECT_EQ(ValueOf(page, "m{target=\"b\"}"), "2");
  EXPECT_EQ(ValueOf(page, "pg_up{site=\"x\",target=\"a\"}"), "1");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.r\",target=\"b\"}"), "1");
}

}  // namespace
