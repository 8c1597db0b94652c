#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

#include "tests/exporter/page.h"

namespace {

using test::ExporterFixture;
using test::ValueOf;

class SqliteDatabase {
 public:
  explicit SqliteDatabase(std::string_view sql) : path_((directory_.path() / "test.db").string()) { Execute(sql); }
  void Execute(std::string_view sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, std::string(sql).c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  const std::string& path() const { return path_; }
  // The target, and one sql collector with one gauge.
  std::string Config(const std::string& query, const std::string& more = "") const {
    return "targets: [{name: db, url: 'sqlite://" + path_ + "'}]\nsql:\n  - name: q\n    query: \"" + query + "\"\n" +
           more + "    metrics: [{name: m, labels: {k: k}, value: v}]\n";
  }

 private:
  test::TemporaryDirectory directory_;
  std::string path_;
};

TEST(Sqlite, Values) {
  const SqliteDatabase database(
      "CREATE TABLE t (k, v); INSERT INTO t VALUES ('int', 9007199254740993), ('real', 0.1), ('sum', 0.1 + 0.2),"
      "('text', '7.5'), ('null', NULL), (NULL, 1), ('inf', 9e999), ('blob', x'31')");
  ExporterFixture fixture(database.Config("SELECT k, v FROM t"));
  const std::string page = fixture.Page();
  EXPECT_EQ(ValueOf(page, "m{k=\"int\"}"), "9007199254740992");
  EXPECT_EQ(ValueOf(page, "m{k=\"real\"}"), "0.1");
  EXPECT_EQ(ValueOf(page, "m{k=\"sum\"}"), "0.30000000000000004");
  EXPECT_EQ(ValueOf(page, "m{k=\"text\"}"), "7.5");
  EXPECT_EQ(ValueOf(page, "m{k=\"null\"}"), "absent");
  EXPECT_EQ(ValueOf(page, "m{k=\"\"}"), "1");
  EXPECT_EQ(ValueOf(page, "m{k=\"inf\"}"), "+Inf");
  EXPECT_EQ(ValueOf(page, "m{k=\"blob\"}"), "1");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_dropped_rows_total{collector=\"sql.q\",reason=\"null_value\"}"), "1");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_series{collector=\"sql.q\"}"), "7");
  EXPECT_EQ(ValueOf(page, "tocsin_target_up"), "1");
  EXPECT_EQ(ValueOf(page, "pg_up"), "absent");
}

TEST(Sqlite, Errors) {
  const SqliteDatabase database("CREATE TABLE t (k, v)");
  const struct {
    const char* query;
    const char* failure;
    const char* message;
  } cases[] = {
      {"SELEC 1", "syntax", "near \"SELEC\": syntax error"},
      {"SELECT k, v FROM absent", "missing_object", "no such table: absent"},
      {"INSERT INTO t VALUES (1, 2)", "read_only", "the statement writes; only reading is allowed"},
      {"SELECT 1 AS k, 2 AS v; DROP TABLE t", "syntax", "more than one statement"},
      {"  ", "syntax", "the query is empty"},
      {"ATTACH 'x' AS y", "permission", "not authorized"},
      {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) AS k, 1 AS v FROM c", "timeout",
       "out of time"},
      {"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS k, x AS v FROM c", "row_limit",
       "more than 100 rows (max_rows)"},
      {"SELECT k FROM t", "missing_column", "metric m: the query gives no column \"v\"; it gives \"k\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    const std::string limit = std::string_view(c.failure) == "timeout" ? "200ms" : "60s";
    ExporterFixture fixture(database.Config(c.query, "    timeout: " + limit + "\n    max_rows: 100\n"));
    const auto report = fixture.exporter().Probe("sql.q", test::In(std::chrono::seconds(20)));
    ASSERT_TRUE(report.has_value());
    ASSERT_EQ(report->errors.size(), 1U);
    EXPECT_EQ(exporter::ToString(report->errors[0].failure), c.failure);
    EXPECT_EQ(report->errors[0].message, c.message);
    const std::string page = fixture.Page();
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.q\"}"), "0");
    const bool limited = std::string_view(c.failure) == "row_limit";
    EXPECT_EQ(ValueOf(page, "tocsin_collector_series{collector=\"sql.q\"}"), limited ? "100" : "0");
  }
}

TEST(Sqlite, MissingAndReplacedFile) {
  SqliteDatabase database("CREATE TABLE t (k, v); INSERT INTO t VALUES ('a', 1)");
  ExporterFixture missing("targets: [{name: db, url: 'sqlite:///nowhere/x.db'}]\n");
  const std::string page = missing.Page();
  EXPECT_EQ(ValueOf(page, "tocsin_target_up"), "0");
  EXPECT_EQ(ValueOf(page, "tocsin_target_errors_total{class=\"connection_refused\"}"), "1");

  ExporterFixture fixture(database.Config("SELECT k, v FROM t"));
  EXPECT_EQ(ValueOf(fixture.Page(), "m{k=\"a\"}"), "1");
  ASSERT_TRUE(std::filesystem::remove(database.path()));
  database.Execute("CREATE TABLE t (k, v); INSERT INTO t VALUES ('a', 2)");
  EXPECT_EQ(ValueOf(fixture.Page(), "m{k=\"a\"}"), "2");
}

TEST(Sqlite, LockedByAWriter) {
  const SqliteDatabase database("CREATE TABLE t (k, v); INSERT INTO t VALUES ('a', 1)");
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(database.path().c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  ExporterFixture fixture(database.Config("SELECT k, v FROM t", "    lock_timeout: 20ms\n"));
  EXPECT_EQ(ValueOf(fixture.Page(), "tocsin_collector_errors_total{class=\"lock_timeout\",collector=\"sql.q\"}"), "1");
  ASSERT_EQ(sqlite3_exec(writer, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(writer);
  EXPECT_EQ(ValueOf(fixture.Page(), "m{k=\"a\"}"), "1");
}

TEST(Sqlite, StoppingDoesNotWaitForALock) {
  const SqliteDatabase database("CREATE TABLE t (k, v)");
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(database.path().c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  auto fixture = std::make_unique<ExporterFixture>(
      database.Config("SELECT k, v FROM t", "    timeout: 1h\n    lock_timeout: 1h\n"));
  std::jthread scrape([&] { fixture->Page(std::chrono::hours(1)); });
  fixture->exporter().Stop();
  scrape.join();
  fixture.reset();
  sqlite3_close(writer);
}

TEST(Sqlite, JobsAndFreshness) {
  const SqliteDatabase database(
      "CREATE TABLE jobs (status, created_at, started_at, finished_at);"
      "INSERT INTO jobs VALUES ('queued', datetime('now', '-90 seconds'), NULL, NULL),"
      "('running', datetime('now', '-2 hours'), datetime('now', '-1 hours'), NULL),"
      "('failed', NULL, NULL, datetime('now', '-10 minutes')), ('failed', NULL, NULL, datetime('now', '-2 days')),"
      "('done', NULL, NULL, NULL);"
      "CREATE TABLE runs (pipe, at, status);"
      "INSERT INTO runs VALUES ('a', 1000, 'success'), ('a', 2000, 'error'), ('b', 3000, 'SUCCESS'), ('c', 4000, "
      "'error')");
  ExporterFixture fixture("targets: [{name: db, url: 'sqlite://" + database.path() + R"('}]
jobs:
  - {name: work, table: jobs, columns: {queued_at: created_at, started_at: started_at, finished_at: finished_at}}
freshness:
  - {name: pipes, table: runs, key: [pipe], last_success: at, status: status, run_at: at}
)");
  const std::string page = fixture.Page();
  const std::pair<const char*, const char*> want[] = {
      {"tocsin_jobs_count{queue=\"work\",status=\"queued\"}", "1"},
      {"tocsin_jobs_count{queue=\"work\",status=\"failed\"}", "2"},
      {"tocsin_jobs_count{queue=\"work\",status=\"done\"}", "1"},
      {"tocsin_jobs_stuck{queue=\"work\"}", "1"},
      {"tocsin_jobs_failed{queue=\"work\"}", "1"},
      {"tocsin_freshness_last_success_timestamp_seconds{pipe=\"a\",source=\"pipes\"}", "1000"},
      {"tocsin_freshness_last_success_timestamp_seconds{pipe=\"b\",source=\"pipes\"}", "3000"},
      {"tocsin_freshness_last_success_timestamp_seconds{pipe=\"c\",source=\"pipes\"}", "0"},
      {"tocsin_freshness_healthy{pipe=\"a\",source=\"pipes\"}", "0"},
      {"tocsin_freshness_healthy{pipe=\"b\",source=\"pipes\"}", "1"},
      {"tocsin_freshness_status{pipe=\"a\",source=\"pipes\",status=\"error\"}", "1"},
  };
  for (const auto& [series, value] : want) EXPECT_EQ(ValueOf(page, series), value) << series;
  const double queued = std::stod(ValueOf(page, "tocsin_jobs_oldest_queued_age_seconds{queue=\"work\"}"));
  EXPECT_TRUE(queued >= 89 && queued < 600) << queued;
  const double running = std::stod(ValueOf(page, "tocsin_jobs_oldest_running_age_seconds{queue=\"work\"}"));
  EXPECT_TRUE(running >= 3599 && running < 4200) << running;
}

}  // namespace
