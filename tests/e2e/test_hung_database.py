"""Databases that neither answer nor hang up, and the pooler in front of them, seen from outside the program."""

import os
import pwd
import signal
import subprocess
import time
import unittest

from support import Stage, free_port, get, value_of, wait_for

TARGET = "postgresql://postgres@127.0.0.1:{port}/postgres"

CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}}
collectors:
  targets:
    - {{name: app, url: "{url}", password_file: "{password_file}", connect_timeout: 500ms}}
  sql:
    - {{name: slow, timeout: 1h, query: "SELECT 1 AS v FROM pg_sleep({seconds})", metrics: [{{name: slow, value: v}}]}}
"""


class HungDatabaseTest(Stage):
    def setUp(self):
        super().setUp()
        self.cluster = self.start_cluster()
        self.password_file = self.write("password", self.cluster.passwords["postgres"])

    def config(self, seconds=0, port=None):
        return CONFIG.format(url=TARGET.format(port=port or self.cluster.port), password_file=self.password_file,
                             seconds=seconds)

    def backend(self, condition):
        """The process that serves tocsin."""
        sql = f"SELECT pid FROM pg_stat_activity WHERE application_name = 'tocsin' AND {condition}"
        return int(wait_for(lambda: self.cluster.psql(sql, database="postgres"), what="tocsin's session"))

    def hang(self, process):
        """Stops a process until the test is over."""
        os.kill(process, signal.SIGSTOP)
        self.addCleanup(os.kill, process, signal.SIGCONT)

    def postmaster(self):
        with open(os.path.join(self.cluster.data, "postmaster.pid")) as file:
            return int(file.readline())

    def assert_stops(self, process):
        began = time.monotonic()
        status = process.stop(30)
        self.assertEqual(status, 0, process.tail())
        self.assertLess(time.monotonic() - began, 10)

    def test_sigterm_is_obeyed_while_a_backend_hangs(self):
        process, _ = self.start_tocsin(self.config(seconds=3600))
        self.hang(self.backend("wait_event = 'PgSleep'"))
        self.assert_stops(process)

    def test_sigterm_is_obeyed_while_the_whole_server_hangs(self):
        process, url = self.start_tocsin(self.config())
        wait_for(lambda: value_of(get(f"{url}/metrics")[2], "slow") == 1, what="a first value")
        backend = self.backend("state = 'idle'")
        self.hang(self.postmaster())
        self.hang(backend)
        wait_for(lambda: value_of(get(f"{url}/metrics")[2], "pg_up") == 0, what="the hang being noticed")
        self.assertIsNotNone(value_of(get(f"{url}/metrics")[2], "tocsin_target_errors_total"))
        # a client that would wait for an hour does not hold up the stop either
        client = subprocess.Popen(["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H",
                                   "X-Prometheus-Scrape-Timeout-Seconds: 3600", f"{url}/metrics"],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(client.wait)
        self.assert_stops(process)
        complaints = [line for line in process.tail(1000).splitlines() if "level=WARN" in line]
        self.assertLessEqual(len(complaints), 4, complaints)


class PgbouncerTest(Stage):
    """A real pgbouncer with one connection to the server."""

    def setUp(self):
        super().setUp()
        self.cluster = self.start_cluster()
        self.port = free_port()
        password = self.cluster.passwords["postgres"]
        self.password_file = self.write("password", password)
        users = self.write("users.txt", f'"postgres" "{password}"\n')
        settings = self.write("pgbouncer.ini", f"""
[databases]
postgres = host=127.0.0.1 port={self.cluster.port} dbname=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
admin_users = postgres
pool_mode = transaction
default_pool_size = 1
ignore_startup_parameters = extra_float_digits
""")
        command = ["/usr/sbin/pgbouncer", settings]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
            owner = pwd.getpwnam("postgres")
            for file in (users, settings):
                os.chown(file, owner.pw_uid, owner.pw_gid)
        self.pooler = self.start("pgbouncer", command)
        wait_for(lambda: "process up" in self.pooler.tail(), what="pgbouncer")

    def test_the_console_is_asked(self):
        _, url = self.start_tocsin(f"""
collectors:
  targets:
    - {{name: pooler, url: "{TARGET.format(port=self.port)[:-len('postgres')]}pgbouncer", password_file: "{self.password_file}"}}
  sql:
    - name: pools
      query: SHOW POOLS
      metrics: [{{name: pgbouncer_waiting_clients, labels: [database, user], value: cl_waiting}}]
    - {{name: pause, query: PAUSE, metrics: [{{name: paused, value: v}}]}}
    - {{name: cut, query: SHOW CONFIG, max_rows: 2, metrics: [{{name: odd, labels: [key], value: changeable}}]}}
""", command="exporter")
        page = get(f"{url}/metrics")[2]
        self.assertEqual(value_of(page, "pg_up"), 1)
        self.assertEqual(value_of(page, "pgbouncer_waiting_clients", database="pgbouncer"), 0)
        self.assertEqual(value_of(page, "tocsin_collector_success", collector="sql.pools"), 1)
        self.assertEqual(value_of(page, "tocsin_collector_errors_total", **{"class": "read_only"}), 1)
        self.assertEqual(value_of(page, "tocsin_collector_errors_total", **{"class": "row_limit"}), 1)
        self.assertEqual(value_of(page, "tocsin_connect_check_success"), 1)

    def test_an_exhausted_pool_is_a_timeout_and_passes(self):
        holder = subprocess.Popen(
            ["psql", "-X", "-q"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env={**self.cluster.environment("postgres", "holder", "postgres"), "PGPORT": str(self.port),
                 "PGPASSWORD": self.cluster.passwords["postgres"]})
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        self.addCleanup(holder.stdin.close)
        process, url = self.start_tocsin(CONFIG.format(url=TARGET.format(port=self.port), seconds=0,
                                                       password_file=self.password_file), command="exporter")
        wait_for(lambda: value_of(get(f"{url}/metrics")[2], "slow") == 1, what="a first value")
        holder.stdin.write("BEGIN; SELECT 1;\n")
        holder.stdin.flush()
        page = wait_for(lambda: (lambda page: value_of(page, "pg_up") == 0 and page)(get(f"{url}/metrics")[2]),
                        what="the exhausted pool being noticed")
        self.assertIn('tocsin_target_errors_total{class="timeout"}', page)
        holder.stdin.write("COMMIT;\n")
        holder.stdin.flush()
        wait_for(lambda: value_of(get(f"{url}/metrics")[2], "slow") == 1, what="the pool's return")
        self.assertIn("class=timeout", process.tail(100))


if __name__ == "__main__":
    unittest.main()
