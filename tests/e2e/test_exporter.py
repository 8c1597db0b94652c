"""The exporter against a real PostgreSQL, read by a real Prometheus and checked by promtool."""

import json
import subprocess
import unittest
import urllib.parse

from support import Stage, free_port, get, samples, value_of, wait_for

SCHEMA = """
CREATE TABLE processing_jobs (job_id int, tenant_id text, status text, created_at timestamptz, started_at timestamptz,
                              completed_at timestamptz);
INSERT INTO processing_jobs SELECT g, 't' || g % 3, (ARRAY['queued','processing','completed','failed'])[g % 4 + 1],
  now() - interval '2 hours', CASE WHEN g % 4 = 1 THEN now() - interval '45 minutes' END,
  CASE WHEN g % 4 > 1 THEN now() - interval '5 minutes' END FROM generate_series(1, 120) g;
CREATE TABLE sync_status (tenant text, last_synced_at timestamptz, last_job_status text);
INSERT INTO sync_status VALUES ('acme', now() - interval '90 minutes', 'succeeded'), ('bolt', now(), 'failed');
CREATE TABLE kpi (name text, segment text, value double precision);
INSERT INTO kpi VALUES ('PAR_90', 'all', 3.25), ('PAR_90', 'sme', 'NaN'), ('RDR_90', 'all', NULL), ('PAR_90', 'all', 9);
CREATE TABLE locked (id int);
"""

CONFIG = """
collectors:
  targets:
    - {{name: app, url: "postgresql://postgres@127.0.0.1:{port}/postgres", password_file: "{password_file}"}}
  postgres:
    - {{}}
  jobs:
    - name: processing_jobs
      table: processing_jobs
      columns: {{status: status, queued_at: created_at, started_at: started_at, finished_at: completed_at}}
      statuses: {{queued: [queued], running: [processing], failed: [failed]}}
      stuck_after: 30m
      failure_window: 1h
  freshness:
    - {{name: airbyte, metric_prefix: airbyte, table: sync_status, key: [tenant], last_success: last_synced_at, status: last_job_status, healthy: [succeeded]}}
  sql:
    - name: kpi
      query: SELECT name, segment, value FROM kpi
      metrics:
        - {{name: kpi_value, type: gauge, help: "Latest KPI value.", labels: [name, segment], value: value}}
    - name: locked
      query: SELECT count(*) AS rows FROM locked
      metrics:
        - {{name: locked_rows, type: gauge, help: "Rows of a table that may be locked.", value: rows}}
"""


class ExporterTest(Stage):
    def setUp(self):
        super().setUp()
        self.cluster = self.start_cluster()
        self.cluster.psql(SCHEMA, database="postgres")
        subprocess.run(["createdb", "quiet"], env=self.cluster.environment("postgres", "test", "postgres"), check=True)
        self.password_file = self.write("password", self.cluster.passwords["postgres"])
        _, self.url = self.start_tocsin(CONFIG.format(port=self.cluster.port, password_file=self.password_file),
                                        command="exporter")

    def ask(self, sql):
        return self.cluster.psql(sql, database="postgres")

    def page(self, headers=None):
        status, _, page = get(f"{self.url}/metrics", headers)
        self.assertEqual(status, 200)
        return page

    def test_promtool_has_nothing_to_say(self):
        for accept in ("text/plain;version=0.0.4", "*/*"):
            result = subprocess.run(["promtool", "check", "metrics"], input=self.page({"Accept": accept}), text=True,
                                    capture_output=True)
            self.assertEqual((result.returncode, result.stdout + result.stderr), (0, ""))

    def test_openmetrics_is_served_to_those_who_ask(self):
        _, headers, page = get(f"{self.url}/metrics", {"Accept": "application/openmetrics-text;version=1.0.0",
                                                       "Accept-Encoding": "gzip"})
        self.assertEqual(headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertTrue(page.endswith("# EOF\n"))

    def test_a_real_prometheus_reads_what_psql_reads(self):
        prometheus = self.start_prometheus(
            "global: {scrape_interval: 3s, scrape_timeout: 3s}\nscrape_configs:\n  - job_name: tocsin\n    static_configs: "
            f"[{{targets: ['{self.url.removeprefix('http://')}']}}]\n")

        def value(expression):
            query = urllib.parse.urlencode({"query": expression})
            result = json.loads(get(f"{prometheus}/api/v1/query?{query}")[2])["data"]["result"]
            return float(result[0]["value"][1]) if result else None

        wait_for(lambda: value("up == 1"), what="a first scrape")
        table = {
            "pg_settings_max_connections": "SELECT setting FROM pg_settings WHERE name = 'max_connections'",
            'pg_database_size_bytes{datname="quiet"}': "SELECT pg_database_size('quiet')",
            'tocsin_jobs_count{queue="processing_jobs",status="queued"}':
                "SELECT count(*) FROM processing_jobs WHERE status = 'queued'",
            'tocsin_jobs_stuck{queue="processing_jobs"}':
                "SELECT count(*) FROM processing_jobs WHERE status = 'processing' AND started_at < now() - interval '30 minutes'",
            'tocsin_jobs_failed{queue="processing_jobs"}':
                "SELECT count(*) FROM processing_jobs WHERE status = 'failed' AND completed_at > now() - interval '1 hour'",
            'airbyte_last_success_timestamp_seconds{tenant="acme"}':
                "SELECT extract(epoch FROM last_synced_at) FROM sync_status WHERE tenant = 'acme'",
            'kpi_value{name="PAR_90",segment="all"}': "SELECT 3.25",
            'pg_stat_user_tables_n_live_tup{relname="kpi"}':
                "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'kpi'",
        }
        for expression, sql in table.items():
            with self.subTest(expression):
                measured = wait_for(lambda: value(expression) is not None and (value(expression),), what=expression)
                self.assertAlmostEqual(measured[0], float(self.ask(sql)), places=5)
        sessions = wait_for(lambda: value("sum(pg_stat_activity_count)"), what="the number of sessions")
        self.assertAlmostEqual(sessions, float(self.ask("SELECT count(*) FROM pg_stat_activity")), delta=2)

    def test_odd_rows_are_counted_not_lost_in_silence(self):
        page = self.page()
        self.assertEqual(value_of(page, "kpi_value", name="PAR_90", segment="all"), 3.25)
        self.assertIsNone(value_of(page, "kpi_value", name="RDR_90"))
        self.assertIn('kpi_value{name="PAR_90",segment="sme"} NaN', page)
        dropped = {series: value for series, value in samples(page).items()
                   if series.startswith("tocsin_collector_dropped_rows_total") and 'collector="sql.kpi"' in series and value}
        self.assertEqual(sorted(dropped.values()), [1, 1], dropped)

    def test_a_locked_table_costs_one_metric_and_never_the_scrape(self):
        holder = subprocess.Popen(
            ["psql", "-X", "-q", "-c", "BEGIN", "-c", "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE", "-c",
             "SELECT pg_sleep(3600)"], env=self.cluster.environment("postgres", "holder", "postgres"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        wait_for(lambda: self.ask("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted "
                                  "AND relation = 'locked'::regclass") == "1", what="the lock")
        for _ in range(5):
            _, _, page = get(f"{self.url}/metrics", {"X-Prometheus-Scrape-Timeout-Seconds": "50"})
            self.assertEqual(value_of(page, "pg_up"), 1)
            self.assertIsNone(value_of(page, "locked_rows"))
            self.assertEqual(value_of(page, "tocsin_collector_success", collector="sql.locked"), 0)
            self.assertEqual(value_of(page, "tocsin_jobs_stuck", queue="processing_jobs"), 30)
            waiting = int(self.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            sessions = int(self.ask("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tocsin%'"))
            self.assertLessEqual(waiting, 1)
            self.assertLessEqual(sessions, 1)

    def test_a_database_that_goes_and_comes_back(self):
        self.assertEqual(value_of(self.page(), "pg_up"), 1)
        self.cluster.stop()
        page = self.page()
        self.assertEqual(value_of(page, "pg_up"), 0)
        self.assertTrue(any(value > 0 for series, value in samples(page).items()
                            if series.startswith("tocsin_target_errors_total")), page)
        self.cluster._program("pg_ctl", "-D", self.cluster.data, "-w", "-s", "-l", f"{self.cluster.data}/log", "start")
        wait_for(lambda: value_of(self.page(), "pg_up") == 1, what="the connection made anew")


class BadTargetTest(Stage):
    def test_a_wrong_password_is_named_and_never_shown(self):
        cluster = self.start_cluster()
        secret = "hunter2-very-secret"
        process, url = self.start_tocsin(
            CONFIG.format(port=cluster.port, password_file=self.write("password", secret)), command="exporter")
        page = get(f"{url}/metrics")[2]
        self.assertEqual(value_of(page, "pg_up"), 0)
        self.assertIn('class="authentication"', page)
        self.assertNotIn(secret, page)
        self.assertNotIn(secret, process.tail(1000))

    def test_nobody_at_the_port(self):
        _, url = self.start_tocsin(CONFIG.format(port=free_port(), password_file=self.write("password", "x")),
                                   command="exporter")
        page = get(f"{url}/metrics")[2]
        self.assertEqual(value_of(page, "pg_up"), 0)
        self.assertIn('class="connection_refused"', page)


if __name__ == "__main__":
    unittest.main()
