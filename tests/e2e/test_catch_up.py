"""Killed, and started again while the samples it missed arrive: afterwards it is as if it had never been away."""

import json
import os
import time
import unittest

from differential.remote_write import write
from support import Stage, free_port, get_json, wait_for, wait_written

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

    def begin(self, catch_up):
        config = self.write("tocsin.yml", CONFIG.format(interval=INTERVAL, http=self.http, catch_up=catch_up))
        self.process = self.start("tocsin", [os.environ["TOCSIN_PROGRAM"], "run", f"--config.file={config}",
                                             f"--web.listen-address={self.address}",
                                             "--web.enable-remote-write-receiver",
                                             f"--storage.path={self.data}"], f"{self.url}/-/ready")

    def measure(self, value_at):
        """A sample of each second up to now that has none; they are sent with send()."""
        now = int(time.time())
        for second in range(max(self.values, default=now - 1) + 1, now + 1):
            self.values[second] = value_at(second)

    def send(self):
        points = [(second * 1000, value) for second, value in sorted(self.values.items()) if second > self.sent]
        if points:
            write(self.url, [({"__name__": "jobs"}, points)])
            self.sent = points[-1][0] // 1000

    def recorded(self):
        """[(time, value)] of what was recorded, as stored."""
        result = get_json(f"{self.url}/api/v1/query?query=r:jobs%5B1h%5D")["data"]["result"]
        return [(time, float(value)) for time, value in result[0]["values"]] if result else []

    def feed(self, value_at, condition, what):
        def step():
            self.measure(value_at)
            self.send()
            return condition()
        return wait_for(step, what=what)

    def told(self):
        return [(one["labels"]["alertname"], one["status"]) for request in self.requests()[self.seen:]
                for one in json.loads(request["body"])["alerts"]]

    def gap(self):
        """Kills it for three evaluations or more; jobs rise before the second of them. Returns the last evaluation before,
        how many were missed, and jobs as a function of the second. None where the kill came late, or where an evaluation
        may have come between the start and the samples: that says nothing of catching up."""
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.values = {}  # second -> jobs
        self.sent = 0
        self.seen = len(self.requests())
        self.begin("10m")
        self.feed(lambda _: 1, lambda: len(self.recorded()) >= 2, "two evaluations")
        slot = self.recorded()[-1][0]
        wait_written(self.url)
        self.process.kill()
        if time.time() > slot + 1.5 * INTERVAL:
            return None

        def jobs(second):
            return 1 if second < slot + INTERVAL + 1 else 100 if second < slot + 2 * INTERVAL + 1 else 9
        while time.time() < slot + 3 * INTERVAL + 0.2:
            time.sleep(0.05)
        missed = int((time.time() - slot) / INTERVAL)
        self.begin("10m")
        self.measure(jobs)
        self.send()
        return (slot, missed, jobs) if int((time.time() - slot) / INTERVAL) == missed else None

    def test_killed(self):
        for attempt in range(3):
            self.data = self.path(f"data-{attempt}")
            found = self.gap()
            if found:
                break
            self.process.stop()
        else:
            self.skipTest("the machine is too busy: in three attempts the kill or the start lasted beyond the next evaluation")
        slot, missed, jobs = found
        self.feed(jobs, lambda: self.recorded()[-1][0] > slot + (missed + 0.5) * INTERVAL, "an evaluation after the gap")
        # the series has no hole, and holds what was measured then
        found = [(round(at - slot), value) for at, value in self.recorded() if at > slot - 1]
        self.assertGreater(len(found), missed + 1)
        self.assertEqual(found, [(place * INTERVAL, [1, 1, 100, 9][min(place, 3)]) for place in range(len(found))])
        # pending since the second evaluation of the gap, firing since the third
        states = {one["labels"]["alertname"]: one for one in get_json(f"{self.url}/api/v1/alerts")["data"]["alerts"]}
        self.assertEqual({name: one["state"] for name, one in states.items()}, {"Held": "firing", "Long": "pending"})
        since = get_json(f"{self.url}/api/v1/query?query=ALERTS_FOR_STATE%7Balertname=%22Long%22%7D")
        self.assertEqual(int(since["data"]["result"][0]["value"][1]), int(slot + 2 * INTERVAL))
        # told once, after the gap; what came and went within it is history and no message
        wait_for(lambda: self.told(), what="the message")
        seen = self.recorded()[-1][0]
        self.feed(jobs, lambda: self.recorded()[-1][0] > seen, "another evaluation")
        self.assertEqual(self.told(), [("Held", "firing")])
        history = self.run_program("history", f"--url={self.url}")
        self.assertRegex(history.stdout, r"(?m)Brief", history.stderr)


if __name__ == "__main__":
    unittest.main()
