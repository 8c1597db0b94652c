#include <gtest/gtest.h>

#include <thread>

#include "tests/exporter/page.h"
#include "tests/support/postgres.h"

// What goes wrong with a real server: locks, death, wrong passwords, no free connections, slow queries.

namespace {

using std::chrono::seconds;
using test::ExporterFixture;
using test::PostgresCluster;
using test::PsqlSession;
using test::ValueOf;

std::string Target(const PostgresCluster& cluster, std::string_view more = "") {
  return "targets: [{name: app, url: '" + cluster.url() + "'" + std::string(more) + "}]\n";
}

constexpr const char* kWaiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
constexpr const char* kSessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin'";

TEST(Faults, ALockedTableCostsOneMetric) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  cluster.Query("CREATE TABLE locked (v int); CREATE TABLE free (v int); INSERT INTO locked VALUES (1)");
  {
    PsqlSession holder(cluster);
    holder.Send("BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    ASSERT_TRUE(test::WaitFor([&] {
      return cluster.Query("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") == "1";
    }));
    ExporterFixture fixture(Target(cluster) +
                            "postgres: [{}]\nsql:\n"
                            "  - {name: before, query: SELECT 1 AS v, metrics: [{name: before, value: v}]}\n"
                            "  - {name: locked, query: SELECT v FROM locked, metrics: [{name: locked, value: v}]}\n"
                            "  - {name: after, query: SELECT 2 AS v, metrics: [{name: after, value: v}]}\n");
    std::jthread watcher;
    std::atomic<int> most_waiting = 0;
    watcher = std::jthread([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) most_waiting = std::max(most_waiting.load(), std::stoi(cluster.Query(kWaiting)));
    });
    for (int i = 0; i < 5; ++i) {
      const std::string page = fixture.Page(seconds(60));
      EXPECT_EQ(ValueOf(page, "pg_up"), "1");
      EXPECT_EQ(ValueOf(page, "before"), "1");
      EXPECT_EQ(ValueOf(page, "after"), "2");
      EXPECT_EQ(ValueOf(page, "locked"), "absent");
      EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"lock_timeout\",collector=\"sql.locked\"}"),
                std::to_string(i + 1));
      for (const std::string& name : fixture.exporter().collector_names()) {
        EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"" + name + "\"}"),
                  name == "sql.locked" ? "0" : "1")
            << name;
      }
      const std::string size = "pg_stat_user_tables_table_size_bytes{datname=\"postgres\",relname=\"";
      EXPECT_EQ(ValueOf(page, size + "locked\",schemaname=\"public\"}"), "absent");
      EXPECT_EQ(ValueOf(page, size + "free\",schemaname=\"public\"}"), "0");
      EXPECT_EQ(
          ValueOf(page, "tocsin_collector_dropped_rows_total{collector=\"postgres.table_sizes\",reason=\"locked\"}"),
          std::to_string(i + 1));
      EXPECT_EQ(ValueOf(page,
                        "tocsin_collector_metric_lost{collector=\"postgres.table_sizes\",metric=\"pg_stat_user_tables_"
                        "table_size_bytes\"}"),
                "1");
    }
    watcher = {};
    EXPECT_EQ(most_waiting, 1);
    EXPECT_EQ(cluster.Query(kSessions), "1");
  }
  cluster.Query("DROP TABLE locked, free");
}

// Locks that pg_locks shows in other ways: without a process, and on what belongs to the table.
TEST(Faults, OtherLocksThatASizeWouldWaitFor) {
  PostgresCluster cluster("max_prepared_transactions = 5");
  cluster.Query("CREATE TABLE free (a int PRIMARY KEY); CREATE TABLE held (a int PRIMARY KEY, b text)");
  const std::string toast_index = cluster.Query(
      "SELECT i.indexrelid::regclass FROM pg_class c JOIN pg_index i ON i.indrelid = c.reltoastrelid "
      "WHERE c.relname = 'held'");
  const std::pair<const char*, std::string> locks[] = {
      {"an index", "REINDEX INDEX held_pkey"},
      {"the TOAST table's index", "REINDEX INDEX " + toast_index},
      {"a prepared transaction", "LOCK TABLE held IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'orphan'"},
  };
  ExporterFixture fixture(Target(cluster) + "postgres: [{only: [table_sizes]}]\n");
  const auto size = [](const std::string& page, const std::string& table) {
    return ValueOf(page, "pg_stat_user_tables_table_size_bytes{datname=\"postgres\",relname=\"" + table +
                             "\",schemaname=\"public\"}");
  };
  int dropped = 0;
  for (const auto& [name, sql] : locks) {
    SCOPED_TRACE(name);
    EXPECT_NE(size(fixture.Page(), "held"), "absent");
    PsqlSession holder(cluster);
    holder.Send("BEGIN; " + sql);
    ASSERT_TRUE(test::WaitFor([&] {
      return cluster.Query("SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") == "t";
    }));
    // a prepared transaction's lock has no process once its session has let go of it
    EXPECT_TRUE(test::WaitFor([&] {
      return sql.find("PREPARE") == std::string::npos || cluster.Query("SELECT count(*) FROM pg_prepared_xacts") == "1";
    }));
    const std::string page = fixture.Page();
    EXPECT_NE(size(page, "free"), "absent");
    EXPECT_EQ(size(page, "held"), "absent");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"postgres.table_sizes\"}"), "1");
    EXPECT_EQ(
        ValueOf(page, "tocsin_collector_dropped_rows_total{collector=\"postgres.table_sizes\",reason=\"locked\"}"),
        std::to_string(++dropped));
    holder.Send(sql.find("PREPARE") == std::string::npos ? "ROLLBACK" : "ROLLBACK PREPARED 'orphan'");
    ASSERT_TRUE(test::WaitFor(
        [&] { return cluster.Query("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'") == "0"; }));
  }
}

TEST(Faults, OverlappingScrapesShareOneRunAndOneSession) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  cluster.Query("CREATE TABLE shared_run AS SELECT 1 AS v");
  ExporterFixture fixture(Target(cluster) +
                          "sql: [{name: held, timeout: 100s, lock_timeout: 100s, query: SELECT v FROM shared_run, "
                          "metrics: [{name: m, value: v}]}]");
  auto holder = std::make_unique<PsqlSession>(cluster);
  holder->Send("BEGIN; LOCK TABLE shared_run IN ACCESS EXCLUSIVE MODE");
  ASSERT_TRUE(test::WaitFor([&] {
    return cluster.Query("SELECT count(*) FROM pg_locks WHERE granted AND relation = 'shared_run'::regclass") == "1";
  }));
  // the run waits for the lock until all six have asked
  std::vector<std::jthread> scrapes;
  std::atomic<int> asked = 0;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) {
    scrapes.emplace_back([&] {
      ++asked;
      good += ValueOf(fixture.Page(seconds(200)), "m") == "1" ? 1 : 0;
    });
  }
  ASSERT_TRUE(test::WaitFor([&] { return asked == 6 && cluster.Query(kWaiting) == "1"; }));
  EXPECT_EQ(cluster.Query(kSessions), "1");
  holder.reset();
  scrapes.clear();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(cluster.Query(kSessions), "1");
  // each run reads the table once; a thread that was slow to ask after it said so may have had a run of its own
  const auto runs = [&] {
    return std::stoi(cluster.Query("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'shared_run'"));
  };
  EXPECT_TRUE(test::WaitFor([&] { return runs() > 0; }));
  EXPECT_LT(runs(), 6);
  cluster.Query("DROP TABLE shared_run");
}

TEST(Faults, ASlowCollectorCostsItselfAlone) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  ExporterFixture fixture(
      Target(cluster) +
      "sql:\n"
      "  - {name: slow, query: 'SELECT 1 AS v FROM pg_sleep(600)', metrics: [{name: slow, value: v}]}\n"
      "  - {name: slow2, query: 'SELECT 1 AS v FROM pg_sleep(600)', metrics: [{name: slow, value: v}]}\n"
      "  - {name: quick, query: SELECT 2 AS v, metrics: [{name: quick, value: v}]}\n");
  for (int i = 1; i <= 2; ++i) {
    const std::string page = fixture.Page(seconds(6));  // the quick one has a quarter of it
    EXPECT_EQ(ValueOf(page, "pg_up"), "1");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"timeout\",collector=\"sql.slow\"}"),
              std::to_string(i));
    EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"timeout\",collector=\"sql.slow2\"}"),
              std::to_string(i));
    EXPECT_EQ(ValueOf(page, "quick"), "2");
  }
}

TEST(Faults, StoppingLeavesNoQueryBehind) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  const auto sleeping = [&] {
    return cluster.Query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
  };
  auto fixture = std::make_unique<ExporterFixture>(
      Target(cluster) +
      "sql: [{name: slow, timeout: 600s, query: 'SELECT 1 AS v FROM pg_sleep(600)', metrics: [{name: m, value: v}]}]");
  std::jthread scrape([&] { fixture->exporter().Collect(test::In(seconds(8))); });
  ASSERT_TRUE(test::WaitFor([&] { return sleeping() == "1"; }));
  scrape.join();
  fixture.reset();
  EXPECT_TRUE(test::WaitFor([&] { return sleeping() == "0"; }));
}

TEST(Faults, DeadServerAndItsReturn) {
  PostgresCluster cluster;
  ExporterFixture fixture(Target(cluster) + "sql: [{name: q, query: SELECT 1 AS v, metrics: [{name: m, value: v}]}]");
  EXPECT_EQ(ValueOf(fixture.Page(), "m"), "1");
  cluster.Stop();
  for (int i = 0; i < 2; ++i) {
    const std::string page = fixture.Page();
    EXPECT_EQ(ValueOf(page, "pg_up"), "0");
    EXPECT_EQ(ValueOf(page, "m"), "absent");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.q\"}"), "0");
    EXPECT_EQ(ValueOf(page, "tocsin_target_errors_total{class=\"connection_refused\"}"), std::to_string(i + 1));
  }
  cluster.Start();
  EXPECT_TRUE(test::WaitFor([&] {
    const std::string page = fixture.Page();
    return ValueOf(page, "pg_up") == "1" && ValueOf(page, "m") == "1";
  }));
}

TEST(Faults, ALostSessionIsReplacedWithinTheScrape) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  ExporterFixture fixture(Target(cluster) + "sql: [{name: q, query: SELECT 1 AS v, metrics: [{name: m, value: v}]}]");
  EXPECT_EQ(ValueOf(fixture.Page(), "m"), "1");
  cluster.Query("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'tocsin'");
  EXPECT_EQ(ValueOf(fixture.Page(), "m"), "1");
}

TEST(Faults, RefusedConnections) {
  PostgresCluster cluster("max_connections = 8\nsuperuser_reserved_connections = 1");
  cluster.Query("CREATE ROLE app LOGIN PASSWORD 'richtig'; CREATE ROLE full_up LOGIN CONNECTION LIMIT 0");
  cluster.SetAuthentication(
      "host all app 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n"
      "host all full_up 127.0.0.1/32 trust");
  const test::TemporaryDirectory secrets;
  const std::string good = secrets.Write("good", "richtig\n");
  const std::string port = std::to_string(cluster.port());
  const struct {
    const char* name;
    std::string target;
    const char* failure;  // empty: it works
  } cases[] = {
      {"wrong password", "url: 'postgresql://app:s3cr3t-word@127.0.0.1:" + port + "/postgres'", "authentication"},
      {"no password", "url: 'postgresql://app@127.0.0.1:" + port + "/postgres'", "authentication"},
      {"password from a file", "url: 'postgresql://app@127.0.0.1:" + port + "/postgres', password_file: " + good, ""},
      {"password beside the URL", "url: 'host=127.0.0.1 port=" + port + " user=app dbname=postgres', password: richtig",
       ""},
      {"missing file", "url: 'postgresql://app@127.0.0.1:" + port + "/postgres', password_file: /nowhere",
       "authentication"},
      {"not let in", "url: 'postgresql://stranger:s3cr3t-word@127.0.0.1:" + port + "/postgres'", "authentication"},
      {"no such database", "url: 'postgresql://postgres@127.0.0.1:" + port + "/nothing'", "missing_object"},
      {"too many", "url: 'postgresql://full_up@127.0.0.1:" + port + "/postgres'", "too_many_connections"},
      {"no such host", "url: 'postgresql://a:s3cr3t-word@" + std::string(64, 'x') + "/x', connect_timeout: 20s", "dns"},
      {"nobody there", "url: 'postgresql://a:s3cr3t-word@127.0.0.1:" + std::to_string(test::FreePort()) + "/x'",
       "connection_refused"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    testing::internal::CaptureStderr();
    ExporterFixture fixture("targets: [{name: app, " + c.target + "}]\n");
    const std::string page = fixture.Page();
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.find("s3cr3t"), std::string::npos) << log;
    EXPECT_EQ(page.find("s3cr3t"), std::string::npos);
    EXPECT_EQ(ValueOf(page, "pg_up"), *c.failure == '\0' ? "1" : "0");
    if (*c.failure == '\0') continue;
    EXPECT_EQ(ValueOf(page, std::string("tocsin_target_errors_total{class=\"") + c.failure + "\"}"), "1") << log;
  }
  // all connections taken
  std::vector<std::unique_ptr<PsqlSession>> sessions;
  for (int i = 0; i < 7; ++i) sessions.push_back(std::make_unique<PsqlSession>(cluster));
  ASSERT_TRUE(test::WaitFor(
      [&] { return cluster.Query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql'") == "8"; }));
  ExporterFixture fixture("targets: [{name: app, url: 'postgresql://app:richtig@127.0.0.1:" + port + "/postgres'}]\n");
  EXPECT_EQ(ValueOf(fixture.Page(), "tocsin_target_errors_total{class=\"too_many_connections\"}"), "1");
}

}  // namespace
