"""Killed, and started again while the samples it missed arrive: afterwards it is as if it had never been away."""

import json
import os
import time
import unittest

from differential.remote_write import write
from support import Stage, free_port, get_json, wait_for

INTERVAL = 5
CONFIG = """
global: {{evaluation_interval: {interval}s}}
rules: {{catch_up: {catch_up}}}
rule_files: [rules.yml]
alertmanager:
  route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 100ms, repeat_interval: 1h}}
  receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{http}/hook", send_resolved: true}}]}}]
"""
RULES = """
groups:
  - name: g
    rules:
      - {record: "r:jobs", expr: "max(jobs)"}
      - {alert: Held, expr: "r:jobs > 5", for: 5s}
      - {alert: Long, expr: "r:jobs > 5", for: 1h}
      - {alert: Brief, expr: "r:jobs == 100"}
"""


class CatchUpTest(Stage):
    def setUp(self):
        super().setUp()
        self.http, self.requests = self.start_sink("http", "http_sink.py")
        self.write("rules.yml", RULES)
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.values = {}  # second -> jobs

    def begin(self, catch_up):
        config = self.write("tocsin.yml", CONFIG.format(interval=INTERVAL, http=self.http, catch_up=catch_up))
        self.process = self.start("tocsin", [os.environ["TOCSIN_PROGRAM"], "run", f"--config.file={config}",
                                             f"--web.listen-address={self.address}",
                                             "--web.enable-remote-write-receiver",
                                             f"--storage.path={self.path('data')}"], f"{self.url}/-/ready")

    def measure(self, value):
        """One sample a second, until now; they are sent with send()."""
        now = int(time.time())
        for second in range(max(self.values, default=now - 1) + 1, now + 1):
            self.values[second] = value
        return now

    def send(self, since=0):
        points = [(second * 1000, value) for second, value in sorted(self.values.items()) if second >= since]
        write(self.url, [({"__name__": "jobs"}, points)])

    def recorded(self):
        """[(time, value)] of what was recorded, as stored."""
        result = get_json(f"{self.url}/api/v1/query?query=r:jobs%5B5m%5D")["data"]["result"]
        return [(time, float(value)) for time, value in result[0]["values"]] if result else []

    def feed(self, value, condition, what):
        def step():
            self.send(self.measure(value) - 2)
            return condition()
        return wait_for(step, seconds=3 * INTERVAL, what=what)

    def told(self):
        return [(one["labels"]["alertname"], one["status"], one["startsAt"]) for request in self.requests()
                for one in json.loads(request["body"])["alerts"]]

    def test_killed(self):
        self.begin("10m")
        self.feed(1, lambda: len(self.recorded()) >= 2, "two evaluations")
        slot = self.recorded()[-1][0]
        self.process.kill()
        # three evaluations are missed; jobs rise before the second of them
        while time.time() < slot + 3 * INTERVAL + 0.2:
            self.measure(1 if time.time() < slot + INTERVAL + 1 else 100 if time.time() < slot + 2 * INTERVAL + 1 else 9)
            time.sleep(0.05)
        self.begin("10m")
        self.send()
        self.assertLess(time.time(), slot + 4 * INTERVAL - 0.3, "too slow a machine for this test")
        self.feed(9, lambda: self.recorded()[-1][0] > slot + 3.5 * INTERVAL, "an evaluation after the gap")
        # the series has no hole, and holds what was measured then
        found = [(round(at - slot), value) for at, value in self.recorded() if at > slot - 1]
        self.assertEqual(found[:5], [(0, 1), (INTERVAL, 1), (2 * INTERVAL, 100), (3 * INTERVAL, 9), (4 * INTERVAL, 9)])
        # pending since the second evaluation of the gap, firing since the third
        states = {one["labels"]["alertname"]: one for one in get_json(f"{self.url}/api/v1/alerts")["data"]["alerts"]}
        self.assertEqual({name: one["state"] for name, one in states.items()}, {"Held": "firing", "Long": "pending"})
        since = get_json(f"{self.url}/api/v1/query?query=ALERTS_FOR_STATE%7Balertname=%22Long%22%7D")
        self.assertEqual(int(since["data"]["result"][0]["value"][1]), int(slot + 2 * INTERVAL))
        # told once, after the gap; what came and went within it is history and no message
        wait_for(lambda: self.told(), what="the message")
        time.sleep(1)
        told = self.told()
        self.assertEqual([(name, status) for name, status, _ in told], [("Held", "firing")])
        history = self.run_program("history", f"--url={self.url}")
        self.assertRegex(history.stdout, r"(?m)Brief", history.stderr)


if __name__ == "__main__":
    unittest.main()
