"""`tocsin check rules`: what it finds, beside promtool, and against what there really is."""

import functools
import glob
import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

from support import ROOT, Stage, get, get_json, wait_for

# the newest there is: a file of Prometheus 3 is not one of Prometheus 2
PEERS = os.path.join(os.environ.get("PEERS_DIR", os.path.expanduser("~/.cache/tocsin-peers")), "usr", "bin")
PROMTOOL = shutil.which("promtool", path=os.pathsep.join([PEERS, os.environ["PATH"]])) or "promtool"
OF_VERSION_3 = "ignore-unknown-fields"

GOOD = "groups: [{name: a, rules: [{alert: A, expr: up == 0}]}]\n"
TWICE = """\
groups:
- name: a
  rules:
  - {alert: A, expr: up == 0}
  - {alert: A, expr: up == 1}
  - {record: "r:x", expr: up, labels: {x: "1"}}
  - {record: "r:x", expr: up, labels: {x: "1"}}
- name: b
  rules:
  - {record: "r:x", expr: up, labels: {x: "1"}}
  - {record: "r:y", expr: up}
"""
GROUP_LABELS = """\
groups:
- {name: a, labels: {x: "1"}, rules: [{record: "r:x", expr: up}, {record: "r:y", expr: up}]}
- {name: b, labels: {x: "2"}, rules: [{record: "r:x", expr: up}, {record: "r:y", expr: up, labels: {x: "1"}}]}
"""
UNKNOWN_KEY = "groups: [{name: a, owner: me, rules: [{alert: A, expr: up == 0, team: x}]}]\n"
BAD = "groups: [{name: a, rules: [{alert: A, expr: 'up =='}]}]\n"
CONFIG = """\
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
collectors:
  targets: [{{name: app, url: "sqlite://{folder}/app.db"}}]
  sql:
    - name: backlog
      query: SELECT 3 AS jobs, 1 AS one
      metrics:
        - {{name: backlog_jobs, type: gauge, help: "Jobs waiting.", value: jobs}}
        - {{name: backlog_size, type: histogram, help: "Sizes.", buckets: {{1: one}}, count: jobs, sum: jobs}}
rule_files: [rules.yml]
thresholds:
  - {{name: Backlog, value: backlog_jobs, critical: "> 10"}}
alertmanager:
  route: {{receiver: nobody}}
  receivers: [{{name: nobody}}]
"""


def alerts(*expressions):
    rules = [{"alert": f"A{i}", "expr": text} for i, text in enumerate(expressions)]
    return json.dumps({"groups": [{"name": "g", "rules": rules}]})


class BesidePromtoolTest(Stage):
    def both(self, files, *flags):
        """(exit code, names said to stand twice) of each of the two."""
        paths = [self.write(name, text) for name, text in files.items()]
        peer = subprocess.run([PROMTOOL, "check", "rules", *flags, *paths], capture_output=True, text=True, timeout=60)
        ours = self.run_program("check", "rules", *flags, *paths)
        told = (set(re.findall(r"^Metric: (.*)$", peer.stdout + peer.stderr, re.M)),
                set(re.findall(r": ([^ ]+): an? (?:alert|record) of this name .*\[duplicate-rules\]$", ours.stderr, re.M)))
        self.output = ours.stdout + ours.stderr
        return (peer.returncode, told[0]), (ours.returncode, told[1])

    @functools.cache
    def peer_is_old(self):
        told = subprocess.run([PROMTOOL, "check", "rules", "--help"], capture_output=True, text=True, timeout=60)
        return OF_VERSION_3 not in told.stdout + told.stderr

    def test_the_same_verdicts(self):
        cases = [
            ({"good.yml": GOOD}, []),
            ({"good.yml": GOOD}, ["--lint=all", "--lint-fatal"]),
            ({"good.yml": GOOD, "twice.yml": TWICE}, []),
            ({"twice.yml": TWICE}, ["--lint=all"]),
            ({"twice.yml": TWICE}, ["--lint-fatal"]),
            ({"twice.yml": TWICE}, ["--lint=duplicate-rules", "--lint-fatal"]),
            ({"twice.yml": TWICE}, ["--lint=none", "--lint-fatal"]),
            ({"twice.yml": TWICE}, ["--lint=none,duplicate-rules", "--lint-fatal"]),
            ({"unknown.yml": UNKNOWN_KEY}, []),
            ({"unknown.yml": UNKNOWN_KEY}, ["--ignore-unknown-fields"]),
            ({"labels.yml": GROUP_LABELS}, ["--lint-fatal"]),
            ({"bad.yml": BAD}, []),
            ({"bad.yml": BAD, "twice.yml": TWICE}, ["--lint-fatal"]),
            ({"empty.yml": ""}, []),
        ]
        for files, flags in cases:
            if self.peer_is_old() and ("labels.yml" in files or "--ignore-unknown-fields" in flags):
                continue
            with self.subTest(files=list(files), flags=flags):
                peer, ours = self.both(files, *flags)
                # a file that does not load is 1 there and 2 here, as every file that does not
                self.assertEqual(({1: 2}.get(peer[0], peer[0]), peer[1]), ours, self.output)

    def test_standard_input(self):
        for text, code in ((GOOD, 0), (TWICE, 3)):
            peer = subprocess.run([PROMTOOL, "check", "rules", "--lint-fatal"], input=text, capture_output=True,
                                  text=True, timeout=60)
            ours = self.run_program("check", "rules", "--lint-fatal", stdin=text)
            self.assertEqual(ours.returncode, code, ours.stderr)
            if not self.peer_is_old():  # that of version 2 reads no standard input
                self.assertEqual(peer.returncode, code, peer.stderr)


class FindingsTest(Stage):
    def check(self, text, *flags, name="rules.yml", stdin=None):
        path = self.write(name, text)
        return self.run_program("check", "rules", *flags, path, stdin=stdin)

    def test_places_names_and_exit_codes(self):
        text = ("groups:\n- name: g\n  rules:\n  - {alert: Never, expr: vector(1) > 2}\n"
                "  - {alert: Apart, expr: 'x{a=\"1\"} and x{a=\"2\"}'}\n")
        result = self.check(text)
        path = self.path("rules.yml")
        self.assertEqual(result.stderr,
                         f"{path}:4:26: Never: never fires: vector(1) > 2 is never true: the value is always 1 [never-fires]\n"
                         f"{path}:5:27: Apart: never fires: its sides have no series in common: a=\"1\" and a=\"2\" "
                         "[never-fires]\n")
        self.assertEqual((result.returncode, result.stdout), (0, f"{path}: 2 findings, 1 groups, 2 rules\n"))
        self.assertEqual(self.check(text, "--lint-fatal").returncode, 3)
        self.assertEqual(self.check(text, "--lint-fatal", "--lint=duplicate-rules").returncode, 0)

    def test_json(self):
        result = self.check(alerts("vector(1) > 2"), "--format=json", "--lint-fatal")
        self.assertEqual(result.returncode, 3)
        file = json.loads(result.stdout)["files"][0]
        self.assertEqual((file["groups"], file["rules"], file["mistakes"]), (1, 1, []))
        finding = file["findings"][0]
        self.assertEqual((finding["lint"], finding["group"], finding["rule"], finding["line"]), ("never-fires", "g", "A0", 1))
        result = self.check(BAD, "--format=json")
        self.assertEqual(result.returncode, 2)
        mistake = json.loads(result.stdout)["files"][0]["mistakes"][0]
        self.assertEqual((mistake["line"], mistake["column"]), (1, 51))

    def test_usage(self):
        result = self.run_program("check", "rules", "--lint=never-fire", "x.yml")
        self.assertEqual(result.returncode, 2)
        self.assertIn('there is no lint "never-fire" (did you mean "never-fires"?)', result.stderr)
        result = self.run_program("check", "rules", "--metrics=-", stdin="")
        self.assertEqual(result.returncode, 2)
        listed = self.run_program("check", "rules", "--lint=help")
        self.assertEqual(listed.returncode, 0)
        for name in ("duplicate-rules", "unknown-metric", "never-fires", "runbook"):
            self.assertRegex(listed.stdout, rf"(?m)^{name} ")
        with open(os.path.join(ROOT, "docs", "operations.md"), encoding="utf-8") as file:
            documented = file.read()
        for name in re.findall(r"^(\S+) ", listed.stdout, re.M):
            self.assertIn(f"| `{name}` |", documented)

    def test_metrics_of_a_page(self):
        text = alerts("http_requests_total > 1", "http_request_total > 1", "lag_seconds_bucket > 1", "up == 0")
        page = "# TYPE lag_seconds histogram\nhttp_requests_total{code=\"200\"} 3\n"
        result = self.check(text, "--metrics=-", stdin=page)
        self.assertEqual(result.stderr.count("[unknown-metric]"), 1, result.stderr)
        self.assertIn("there is no metric http_request_total (did you mean http_requests_total?)", result.stderr)
        self.write("page", "a{ 1\n")
        broken = self.check(text, f"--metrics={self.path('page')}")
        self.assertEqual(broken.returncode, 2)
        self.assertIn(f"{self.path('page')}:1:", broken.stderr)


class KnownMetricsTest(Stage):
    def setUp(self):
        super().setUp()
        self.config = CONFIG.format(folder=self.folder)
        with sqlite3.connect(self.path("app.db")) as database:
            database.execute("CREATE TABLE jobs(id INTEGER)")
        self.write("rules.yml", alerts("backlog_jobs > 3"))

    def test_what_the_configuration_exposes(self):
        path = self.write("tocsin.yml", self.config)
        text = alerts("backlog_jobs > 3", "backlog_job > 3", "backlog_size_bucket > 3", "tocsin_collector_success == 0",
                      "pg_up == 0", "tocsin_threshold_value > 3", "rate(backlog_jobs[300ms]) > 1",
                      "x offset 20d > 1 or up")
        result = self.run_program("check", "rules", f"--config.file={path}", self.write("more.yml", text))
        found = sorted(re.findall(r": (A\d): .*\[(\S+)\]$", result.stderr, re.M))
        self.assertEqual(found, [("A1", "unknown-metric"), ("A4", "unknown-metric"), ("A6", "short-range"),
                                 ("A7", "retention"), ("A7", "unknown-metric")], result.stderr)
        # the configuration's own rules
        result = self.run_program("check", "rules", f"--config.file={path}")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(len(result.stdout.splitlines()), 2, result.stdout)
        # with targets that others write, only our own names are known
        path = self.write("tocsin.yml", self.config + "scrape_configs: [{job_name: x, static_configs: [{targets: [a]}]}]\n")
        result = self.run_program("check", "rules", f"--config.file={path}",
                                  self.write("more.yml", alerts("anything > 3", "tocsin_colector_success == 0")))
        self.assertEqual(result.stderr.count("[unknown-metric]"), 1, result.stderr)
        self.assertIn("(did you mean tocsin_collector_success?)", result.stderr)

    def test_a_running_tocsin_has_what_the_configuration_says(self):
        _, url = self.start_tocsin(self.config)
        names = wait_for(lambda: (lambda found: found if "tocsin_threshold_value" in found else None)(
            get_json(f"{url}/api/v1/label/__name__/values")["data"]), what="the first recorded sample")
        text = get(f"{url}/metrics")[2]
        self.assertIn("\nprometheus_notifications_alertmanagers_discovered 1\n", text)  # the one within
        page = {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line and line[0] != "#"}
        # all that is there is known before
        everything = self.write("every.yml", alerts(*(f"{name} > 0" for name in sorted({*names, *page}))))
        result = self.run_program("check", "rules", f"--config.file={self.path('tocsin.yml')}", everything)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        # and what is not there is missed
        asked = self.write("asked.yml", alerts("backlog_jobs > 1", "backlog_job > 1", '{__name__=~"backlog_.*"} > 1',
                                               '{__name__=~"frontlog_.*"} > 1'))
        result = self.run_program("check", "rules", f"--url={url}", asked)
        self.assertEqual(sorted(re.findall(r": (A\d): .*\[unknown-metric\]$", result.stderr, re.M)), ["A1", "A3"])
        self.assertIn("(did you mean backlog_jobs?)", result.stderr)
        result = self.run_program("check", "rules", "--url=http://127.0.0.1:1", asked)
        self.assertEqual(result.returncode, 1)

    def test_the_page_has_what_dashboards_of_prometheus_ask_for(self):
        self.write("rules.yml", alerts("vector(1)"))
        _, url = self.start_tocsin("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
                                   "scrape_configs: [{job_name: x, static_configs: [{targets: ['127.0.0.1:1']}]}]\n"
                                   "alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:1']}]}]}\n",
                                   flags=["--enable-feature=exemplar-storage"])
        with open(os.path.join(ROOT, "docs", "metrics.md"), encoding="utf-8") as file:
            table = file.read().split("| is there, with the same meaning |")[1].split("| is not there |")[0]
        names = set()
        for text in re.findall(r"`((?:prometheus|process)_[a-z_{},]*)", table):
            first, middle, last = re.fullmatch(r"([^{]*)(?:{([^}]*)})?(.*)", text).groups()
            names |= {first + part + last for part in (middle or "").split(",")}
        names -= {"process_", "prometheus_remote_storage_"}
        self.assertGreater(len(names), 40)
        get(f"{url}/api/v1/query?query=1")

        def missing():
            page = get(f"{url}/metrics")[2]
            return {name for name in names if not re.search(rf"^{name}(_count)?[ {{]", page, re.M)}
        wait_for(lambda: not missing(), what="all the names of the table")

    def test_the_packs_are_clean(self):
        for pack in sorted(glob.glob(os.path.join(ROOT, "packs", "*", "tocsin.yml"))):
            with open(pack, encoding="utf-8") as file:
                wanted = set(re.findall(r"\$\{([A-Z0-9_]+)\}", file.read()))
            values = {name: "http://127.0.0.1:1" for name in wanted}
            values |= {"DATABASE_URL": "postgresql://u@h/d", "SMTP_FROM": "a@b.c", "SMTP_SMARTHOST": "127.0.0.1:25"}
            result = self.run_program("check", "rules", f"--config.file={pack}", "--lint=all,severity,runbook",
                                      environment=values)
            with self.subTest(pack=pack):
                self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
