"""kill -9 at any instant: no alert is lost, none comes early, and nobody is told twice.

TOCSIN_KILLS says how often (default 25)."""

import json
import os
import random
import re
import shutil
import sqlite3
import time
import unittest

from support import Stage, free_port, get_json, wait_for

CONFIG = """
global: {{scrape_interval: 100ms, evaluation_interval: 100ms}}
collectors:
  targets: [{{name: app, url: "sqlite://{database}"}}]
  sql:
    - name: backlog
      query: SELECT queue, jobs FROM backlog
      metrics: [{{name: backlog_jobs, type: gauge, help: "Jobs waiting.", labels: [queue], value: jobs}}]
thresholds:
  # a scrape that a busy machine does not finish within 100 ms ends no alert
  - {{name: Backlog, value: "max by (queue) (last_over_time(backlog_jobs[5m]))", critical: "> 10"}}
  - {{name: Lasting, value: 'max by (queue) (last_over_time(backlog_jobs{{queue="lasting"}}[5m]))', critical: "> 10", for: {hold}s}}
  - {{name: Never, value: 'max by (queue) (last_over_time(backlog_jobs{{queue="lasting"}}[5m]))', critical: "> 10", for: 1h}}
alertmanager:
  route: {{receiver: hook, group_by: [alertname, queue], group_wait: 0s, group_interval: 100ms, repeat_interval: 1h}}
  receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{http}/hook", send_resolved: true}}]}}]
"""
HOLD = 4


class RestartTest(Stage):
    def setUp(self):
        super().setUp()
        self.database = sqlite3.connect(self.path("app.db"), isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("CREATE TABLE backlog(queue TEXT PRIMARY KEY, jobs INTEGER)")
        self.http, self.requests = self.start_sink("http", "http_sink.py")
        self.config = self.write("tocsin.yml", CONFIG.format(database=self.path("app.db"), http=self.http, hold=HOLD))
        self.address = f"127.0.0.1:{free_port()}"
        self.kills = []  # (when, what the file says was told then)

    def begin(self):
        begun = time.time()
        self.process = self.start("tocsin", [os.environ["TOCSIN_PROGRAM"], "run", f"--config.file={self.config}",
                                             f"--web.listen-address={self.address}", f"--storage.path={self.path('data')}"],
                                  f"http://{self.address}/-/ready")
        return begun

    def kill(self):
        at = time.time()
        self.process.kill()
        self.kills.append((at, self.written()))

    def written(self):
        """{(alert, queue, status)} of the messages that the file of the process says were taken."""
        copy = self.path("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.path("data"), copy)
        database = sqlite3.connect(os.path.join(copy, "tocsin.db"))
        try:
            rows = database.execute("SELECT key, length(firing), length(resolved) FROM alertmanager_notifications").fetchall()
        except sqlite3.OperationalError:
            rows = []  # killed before there was a table
        finally:
            database.close()
        told = set()
        for key, firing, resolved in rows:
            alert, queue = re.search(r'alertname="(\w+)".*queue="(\w+)"', key).groups()
            told |= {(alert, queue, status) for status, length in (("firing", firing), ("resolved", resolved)) if length}
        return told

    def told(self, alert, queue, status):
        found = []
        for request in self.requests():
            for one in json.loads(request["body"])["alerts"]:
                if (one["labels"]["alertname"], one["labels"]["queue"], one["status"]) == (alert, queue, status):
                    found.append(request["time"])
        return found

    def assert_once(self, alert, queue, status):
        """A receiver has answered and the process dies before it has written that down: nothing can tell this from a
        message that was never sent, so it is sent again. Everything else must come exactly once."""
        message = (alert, queue, status)
        times = wait_for(lambda: self.told(*message), what=" ".join(message))
        for first, second in zip(times, times[1:]):
            excused = any(first <= kill <= second and message not in written for kill, written in self.kills)
            kills = [kill for kill, _ in self.kills]
            self.assertTrue(excused, f"{message} at {times}, killed at {kills}: the file knew of it")

    def test_killed_at_random_instants(self):
        chance = random.Random(int(os.environ.get("TOCSIN_SEED", "1")))
        kills = int(os.environ.get("TOCSIN_KILLS", "25"))
        begun = time.time()
        self.database.execute("INSERT INTO backlog VALUES('lasting', 20)")
        self.begin()
        for i in range(kills):
            self.database.execute("INSERT INTO backlog VALUES(?, 20)", (f"q{i}",))
            for queue in [f"q{n}" for n in range(i - 1) if self.told("Backlog", f"q{n}", "firing")]:
                self.database.execute("UPDATE backlog SET jobs = 0 WHERE queue = ?", (queue,))
            time.sleep(chance.uniform(0, 0.6))
            self.kill()
            self.begin()
        for i in range(kills):
            wait_for(lambda i=i: self.told("Backlog", f"q{i}", "firing"), what=f"q{i} firing")
        self.database.execute("UPDATE backlog SET jobs = 0 WHERE queue <> 'lasting'")
        for i in range(kills):
            self.assert_once("Backlog", f"q{i}", "firing")
            self.assert_once("Backlog", f"q{i}", "resolved")
        self.assert_once("Backlog", "lasting", "firing")
        self.assertEqual(self.told("Backlog", "lasting", "resolved"), [])
        self.assert_once("Lasting", "lasting", "firing")
        self.assertGreaterEqual(self.told("Lasting", "lasting", "firing")[0] - begun, HOLD)
        self.assertEqual(self.told("Never", "lasting", "firing"), [])
        states = {a["labels"]["alertname"]: a for a in get_json(f"http://{self.address}/api/v1/alerts")["data"]["alerts"]}
        self.assertEqual({name: a["state"] for name, a in states.items()},
                         {"Backlog": "firing", "Lasting": "firing", "Never": "pending"})


if __name__ == "__main__":
    unittest.main()
