#include <gtest/gtest.h>

#include <thread>

#include "tests/exporter/page.h"
#include "tests/support/postgres.h"
#include "tests/support/tcp_proxy.h"

// Databases that neither answer nor hang up: a backend, a server or a network that stands still. Before the waits were
// bounded each of these lasted until the database woke, so limits of many seconds tell right from wrong.

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::ExporterFixture;
using test::PostgresCluster;
using test::StoppedProcess;
using test::ValueOf;

constexpr auto kFarTooLong = seconds(10);

std::string Config(int port, const std::string& collectors, const std::string& more = "") {
  return "targets: [{name: app, url: 'postgresql://postgres@127.0.0.1:" + std::to_string(port) +
         "/postgres', connect_timeout: 2s" + more + "}]\nsql:\n" + collectors;
}

std::string Gauge(const std::string& name, const std::string& query, const std::string& more = "") {
  return "  - {name: " + name + ", query: \"" + query + "\", metrics: [{name: " + name + ", value: v}]" + more + "}\n";
}

pid_t Backend(const PostgresCluster& cluster, const std::string& where) {
  const std::string sql = "SELECT pid FROM pg_stat_activity WHERE application_name = 'tocsin' AND " + where;
  EXPECT_TRUE(test::WaitFor([&] { return !cluster.Query(sql).empty(); })) << where;
  return std::stoi(cluster.Query(sql));
}

size_t Count(const std::string& text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(Hung, AStoppedBackendIsReplacedWithinTheScrape) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  ExporterFixture fixture(Config(cluster.port(), Gauge("m", "SELECT 1 AS v")));
  ASSERT_EQ(ValueOf(fixture.Page(), "m"), "1");
  testing::internal::CaptureStderr();
  const StoppedProcess hung(Backend(cluster, "state = 'idle'"));
  for (int i = 0; i < 3; ++i) {
    const std::string page = fixture.Page();
    EXPECT_EQ(ValueOf(page, "pg_up"), "1");
    EXPECT_EQ(ValueOf(page, "m"), "1");
    EXPECT_EQ(ValueOf(page, "tocsin_target_errors_total{class=\"timeout\"}"), "1");
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(Count(log, "\n"), 1U) << log;
  EXPECT_NE(log.find("the connection to the target does not answer, a new one is made\" target=app class=timeout"),
            std::string::npos)
      << log;
}

TEST(Hung, AQueryWhoseBackendStopsCostsItselfAlone) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  ExporterFixture fixture(Config(cluster.port(), Gauge("slow", "SELECT 1 AS v FROM pg_sleep(3600)", ", timeout: 3s") +
                                                     Gauge("quick", "SELECT 2 AS v")));
  std::string page;
  std::jthread scrape([&] { page = fixture.Page(); });
  const StoppedProcess hung(Backend(cluster, "wait_event = 'PgSleep'"));
  scrape.join();
  EXPECT_EQ(ValueOf(page, "slow"), "absent");
  EXPECT_EQ(ValueOf(page, "quick"), "2");
  EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"timeout\",collector=\"sql.slow\"}"), "1");
  // it is not asked again at once, which would hang one session after the other
  for (int i = 2; i < 5; ++i) {
    page = fixture.Page();
    EXPECT_EQ(ValueOf(page, "quick"), "2");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_success{collector=\"sql.slow\"}"), "0");
    EXPECT_EQ(ValueOf(page, "tocsin_collector_errors_total{class=\"timeout\",collector=\"sql.slow\"}"),
              std::to_string(i));
  }
  EXPECT_EQ(cluster.Query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tocsin'"), "2");
}

TEST(Hung, StoppingDoesNotWaitForAStoppedBackend) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  auto fixture = std::make_unique<ExporterFixture>(
      Config(cluster.port(), Gauge("slow", "SELECT 1 AS v FROM pg_sleep(3600)", ", timeout: 1h")));
  std::jthread scrape([&] { fixture->Page(std::chrono::hours(1)); });
  const StoppedProcess hung(Backend(cluster, "wait_event = 'PgSleep'"));
  const auto begin = steady_clock::now();
  fixture->exporter().Stop();
  scrape.join();
  fixture.reset();
  EXPECT_LT(steady_clock::now() - begin, kFarTooLong);
}

TEST(Hung, AServerThatLetsNobodyInIsSeenByTheConnectCheck) {
  PostgresCluster cluster;
  ExporterFixture fixture(Config(cluster.port(), Gauge("m", "SELECT 1 AS v"), ", connect_check: 1ms"));
  const std::string page = fixture.Page();
  EXPECT_EQ(ValueOf(page, "tocsin_connect_check_success"), "1");
  EXPECT_GT(std::stod(ValueOf(page, "tocsin_connect_check_duration_seconds")), 0);
  {
    const StoppedProcess hung(cluster.postmaster());
    EXPECT_TRUE(test::WaitFor([&] {
      const std::string during = fixture.Page();
      EXPECT_EQ(ValueOf(during, "pg_up"), "1");
      EXPECT_EQ(ValueOf(during, "m"), "1");
      return ValueOf(during, "tocsin_connect_check_success") == "0";
    }));
  }
  EXPECT_TRUE(test::WaitFor([&] { return ValueOf(fixture.Page(), "tocsin_connect_check_success") == "1"; }));
}

TEST(Hung, TheConnectCheckIsRareAndCanBeTurnedOff) {
  const PostgresCluster& cluster = PostgresCluster::Shared();
  const struct {
    const char* setting;
    const char* success;
    int fewest;
    int most;
  } cases[] = {{"", "1", 1, 1},  // the kept connection is the first check; the next is due in a minute
               {", connect_check: 0s", "absent", 1, 1},
               {", connect_check: 1ms", "1", 3, 100}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.setting);
    const test::TcpProxy proxy(cluster.port());
    ExporterFixture fixture(Config(proxy.port(), Gauge("m", "SELECT 1 AS v"), c.setting));
    EXPECT_TRUE(test::WaitFor([&] {
      EXPECT_EQ(ValueOf(fixture.Page(), "tocsin_connect_check_success"), c.success);
      return proxy.accepted() >= c.fewest;
    }));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ValueOf(fixture.Page(), "tocsin_connect_check_success"), c.success);
    EXPECT_LE(proxy.accepted(), c.most);
  }
}

TEST(Hung, AServerThatAcceptsAndSaysNothing) {
  PostgresCluster cluster;
  ExporterFixture fixture(Config(cluster.port(), Gauge("m", "SELECT 1 AS v")));
  testing::internal::CaptureStderr();
  {
    const StoppedProcess hung(cluster.postmaster());
    for (int i = 0; i < 2; ++i) {
      const auto begin = steady_clock::now();
      const std::string page = fixture.Page();
      EXPECT_LT(steady_clock::now() - begin, kFarTooLong);
      EXPECT_EQ(ValueOf(page, "pg_up"), "0");
      EXPECT_EQ(ValueOf(page, "tocsin_target_errors_total{class=\"timeout\"}"), std::to_string(i + 1));
    }
    const std::string log = testing::internal::GetCapturedStderr();
    EXPECT_EQ(Count(log, "\n"), 1U) << log;
    EXPECT_NE(log.find("class=timeout error=\"no connection within 2s (connect_timeout)\""), std::string::npos) << log;
    ExporterFixture stopped(Config(cluster.port(), Gauge("m", "SELECT 1 AS v")));
    const std::jthread scrape([&] { stopped.Page(); });
    stopped.exporter().Stop();
  }
  EXPECT_TRUE(test::WaitFor([&] { return ValueOf(fixture.Page(), "m") == "1"; }));
}

TEST(Hung, ANetworkThatDropsEverything) {
  PostgresCluster& cluster = PostgresCluster::Shared();
  test::TcpProxy proxy(cluster.port());
  auto fixture = std::make_unique<ExporterFixture>(Config(proxy.port(), Gauge("m", "SELECT 1 AS v")));
  ASSERT_EQ(ValueOf(fixture->Page(), "m"), "1");
  proxy.Freeze();
  const auto begin = steady_clock::now();
  std::string page = fixture->Page();
  EXPECT_EQ(ValueOf(page, "pg_up"), "0");
  EXPECT_NE(ValueOf(page, "tocsin_target_errors_total{class=\"timeout\"}"), "absent");
  EXPECT_EQ(ValueOf(page, "tocsin_connect_check_success"), "0");
  EXPECT_LT(steady_clock::now() - begin, kFarTooLong);
  proxy.Thaw();
  EXPECT_TRUE(test::WaitFor([&] { return ValueOf(fixture->Page(), "m") == "1"; }));
  proxy.Freeze();
  const auto stopping = steady_clock::now();
  fixture.reset();
  EXPECT_LT(steady_clock::now() - stopping, kFarTooLong);
}

}  // namespace
