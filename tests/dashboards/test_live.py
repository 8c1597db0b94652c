#!/usr/bin/python3
"""Asks every expression of the dashboards: on the demo's database, as tocsin measures it, each panel must show something.

A real Prometheus scrapes tocsin and evaluates what `tocsin rules expand` prints, as docker/compose.yml has it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from test_dashboards import ROOT, expressions_of, load_all, substitute

sys.path.insert(0, os.path.join(ROOT, "demo"))

import cluster  # noqa: E402
import config  # noqa: E402
from processes import Process  # noqa: E402

# Expressions that rightly find nothing on a healthy primary where nothing fires.
EMPTY = {
    "tocsin-postgresql: Bytes behind, by replica A": "no replicas",
    "tocsin-postgresql: annotation Firing alerts": "nothing fires",
    "tocsin-business-health: Alerts A": "nothing fires",
    "tocsin-business-health: Collector errors A": "no errors",
    "tocsin-business-health: Collector errors B": "nothing is dropped",
    "tocsin-business-health: annotation Firing alerts": "nothing fires",
}


def program():
    candidates = [os.path.abspath(os.environ["TOCSIN"])] if os.environ.get("TOCSIN") else []
    candidates += [os.path.join(ROOT, "build", preset, "tocsin") for preset in ("test", "release", "dev")]
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


@unittest.skipUnless(program(), "the program is not built")
class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cluster.working_folder(tempfile.gettempdir())
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        database = cluster.Cluster(folder)
        cls.addClassCleanup(database.stop)
        database.start()
        database.fill(os.path.join(ROOT, "demo", "schema.sql"), os.path.join(ROOT, "demo", "generate.sql"))
        config.write_rules(folder)
        nobody = f"http://127.0.0.1:{cluster.free_port()}"
        configuration = config.write(folder, {
            "POSTGRES_PORT": database.port, "PASSWORD_FILE": database.tocsin_password_file,
            "SMTP_PORT": cluster.free_port(), "HTTP": nobody, "ALERTING": ""})
        cls.tocsin = f"127.0.0.1:{cluster.free_port()}"
        cls.start("tocsin", cls.tocsin, folder, [program(), "run", f"--config.file={configuration}"])
        cls.start_prometheus(folder)
        cls.wait_for_samples()

    @classmethod
    def start(cls, name, address, folder, command):
        process = Process(name, [*command, f"--web.listen-address={address}"], folder)
        cls.addClassCleanup(process.stop)
        process.wait_ready(f"http://{address}/-/ready")

    @classmethod
    def start_prometheus(cls, folder):
        rules = [path.path for path in os.scandir(os.path.join(folder, "rules"))]
        expanded = subprocess.run([program(), "rules", "expand", *rules], capture_output=True, text=True)
        if expanded.returncode != 0:
            raise RuntimeError(expanded.stderr)
        with open(os.path.join(folder, "expanded.yml"), "w") as file:
            file.write(expanded.stdout)
        with open(os.path.join(folder, "prometheus.yml"), "w") as file:
            json.dump({"global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "1s"}, "rule_files": ["expanded.yml"],
                       "scrape_configs": [{"job_name": "tocsin", "static_configs": [{"targets": [cls.tocsin]}]}]}, file)
        address = f"127.0.0.1:{cluster.free_port()}"
        cls.url = f"http://{address}"
        cls.start("prometheus", address, folder, ["prometheus", f"--config.file={folder}/prometheus.yml",
                                                  f"--storage.tsdb.path={folder}/tsdb"])

    @classmethod
    def wait_for_samples(cls):
        deadline = time.monotonic() + 300
        ready = 'count_over_time(pg_up[1m]) > 3 and on () tocsin_threshold_value{threshold="PAR_90"}'
        while not cls.ask(ready)["data"]["result"]:
            if time.monotonic() > deadline:
                raise RuntimeError("nothing was measured within 300 s")
            time.sleep(0.2)

    @classmethod
    def ask(cls, expression):
        body = urllib.parse.urlencode({"query": expression}).encode()
        try:
            with urllib.request.urlopen(f"{cls.url}/api/v1/query", body, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    def result_of(self, expression, may_be_empty):
        """What is found; asks again for a while, as on a busy machine a scrape may fail, which ends all its series."""
        deadline = time.monotonic() + 60
        while True:
            answer = self.ask(expression)
            self.assertEqual(answer["status"], "success", f"{answer.get('error')} in {expression}")
            found = answer["data"]["result"]
            if found or may_be_empty or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def test_every_expression_finds_something(self):
        for dashboard in load_all():
            for where, expression in expressions_of(dashboard):
                name = f'{dashboard["uid"]}: {where}'
                with self.subTest(name):
                    found = self.result_of(substitute(expression), name in EMPTY)
                    if name in EMPTY:
                        self.assertEqual(found, [], "remove it from EMPTY")
                    else:
                        self.assertTrue(found, f"nothing found: {substitute(expression)}")

    def test_nothing_fires_on_the_healthy_database(self):
        for url in (self.url, f"http://{self.tocsin}"):
            with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=60) as answer:
                alerts = json.load(answer)["data"]["alerts"]
            self.assertEqual([alert["labels"] for alert in alerts if alert["state"] == "firing"], [])


if __name__ == "__main__":
    unittest.main()
