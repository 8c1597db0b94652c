"""What a new user sees first: the start of each role, its warnings, and the dry run of collectors."""

import os
import re
import signal
import sqlite3
import subprocess
import unittest

from support import PROGRAM, Stage, free_port, get, wait_for

TOCSIN_YML = """\
global: {scrape_interval: 1h, evaluation_interval: 1s}
collectors:
  targets:
    - {name: main, url: "sqlite://${DATABASE_FILE}"}
    - {name: away, url: "postgresql://user:s3cret@127.0.0.1:1/app"}
  sql:
    - name: kpi
      target: main
      query: SELECT segment, value FROM kpi
      metrics:
        - {name: kpi_par, type: gauge, help: "x", labels: [segment], value: value}
    - name: broken
      target: main
      query: SELECT value FROM nowhere
      metrics:
        - {name: kpi_broken, type: gauge, help: "x", value: value}
thresholds:
  - {name: PAR, value: kpi_par, unit: ratio, warning: "> 3", critical: "> 5"}
  - {name: Typo, value: kpi_pra, warning: "> 3"}
alertmanager:
  route: {receiver: risk, group_by: [alertname], group_wait: 0s}
  receivers:
    - {name: risk, webhook_configs: [{url: "${HOOK_URL}"}]}
"""


class StartTest(Stage):
    def setUp(self):
        super().setUp()
        self.database = os.path.join(self.folder, "a.db")
        connection = sqlite3.connect(self.database)
        connection.execute("CREATE TABLE kpi (segment TEXT, value REAL)")
        connection.executemany("INSERT INTO kpi VALUES (?, ?)", [("all", 5.4), ("none", None), ("odd", "abc")])
        connection.commit()
        connection.close()
        self.file = self.write("tocsin.yml", TOCSIN_YML)
        self.environment = {"DATABASE_FILE": self.database, "HOOK_URL": "http://127.0.0.1:1/s3cret"}

    def start_role(self, role, environment, *flags):
        """The process and its address; its log is self.log()."""
        address = f"127.0.0.1:{free_port()}"
        self.log_path = os.path.join(self.folder, f"{role}.log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [PROGRAM, role, f"--config.file={self.file}", f"--web.listen-address={address}",
                 f"--storage.path={self.folder}/data-{role}", *flags],
                stdout=log, stderr=log, env={**os.environ, **environment})

        def end():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        self.addCleanup(end)
        wait_for(lambda: "Listening on" in self.log() or process.poll() is not None, 60, "the start")
        return process, f"http://{address}"

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def test_run_says_what_it_runs_and_scrapes_at_once(self):
        _, url = self.start_role("run", self.environment)
        lines = [line for line in self.log().splitlines() if "level=INFO" in line]
        begin = lines[:next(i for i, line in enumerate(lines) if "Listening on" in line) + 1]
        self.assertLessEqual(len(begin), 13, "\n".join(begin))
        for part in ('msg="starting tocsin" version=', f"config_file={self.file}", f"url=sqlite:{'//' + self.database}",
                     'collectors="sql.kpi, sql.broken"', 'msg="scrapes pages" jobs="tocsin (own page)"',
                     "thresholds=2", 'names="risk (webhook)"', f"folder={self.folder}/data-run", "Listening on"):
            self.assertIn(part, self.log())
        # the interval is an hour: what comes now does not wait for a slot
        wait_for(lambda: "kpi_par" in get(f"{url}/api/v1/label/__name__/values")[2], 30, "the first scrape")
        wait_for(lambda: 'msg="reached the database" target=main' in self.log(), 30, "the first success")
        wait_for(lambda: 'msg="cannot reach the database" target=away class=connection_refused' in self.log(), 30,
                 "the first failure")
        wait_for(lambda: re.search(r'msg="a notification was not delivered" .*integration=risk/webhook/0', self.log()), 30,
                 "the notification")
        self.assertNotIn("s3cret", self.log())

    def test_warnings_tell_what_is_probably_not_meant(self):
        result = self.run_program("check", "config", self.file, environment=self.environment)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("; 3 warnings", result.stdout)
        for warning in (f'warning: {self.file}:19:5: Typo: there is no metric kpi_pra (did you mean kpi_par?)',
                        f'warning: {self.file}:18:55: thresholds[0].warning: "> 3" of a ratio is 300%'):
            self.assertIn(warning, result.stderr)
        self.assertEqual(self.run_program("check", "config", "--lint-fatal", self.file, environment=self.environment).returncode, 3)
        self.start_role("run", self.environment)
        self.assertEqual(self.log().count("level=WARN msg=\"the configuration may not do what is meant\""), 3)

    def test_each_role_takes_its_part_of_one_file(self):
        self.start_role("exporter", {"DATABASE_FILE": self.database})
        self.assertIn('sections="thresholds (tocsin rules), alertmanager (tocsin alertmanager)"', self.log())
        self.start_role("rules", {})
        self.assertIn('sections="collectors (tocsin exporter), alertmanager (tocsin alertmanager)"', self.log())
        self.assertIn("alerts are sent to nobody", self.log())
        self.assertIn("no samples come in", self.log())
        _, url = self.start_role("alertmanager", {"HOOK_URL": "http://127.0.0.1:1/"})
        self.assertIn('sections="collectors (tocsin exporter)"', self.log())
        # the thresholds' inhibitions are the alertmanager's business
        self.assertIn("risk", get(f"{url}/api/v2/receivers")[2])

    def test_alertmanager_takes_an_alertmanager_yml_as_well(self):
        self.file = self.write("alertmanager.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n")
        self.start_role("alertmanager", {})
        self.assertIn('names="a (tells nobody)"', self.log())
        self.file = self.write("tocsin.yml", "collectors: {}\n")
        self.start_role("alertmanager", {})
        self.assertIn("has no section `alertmanager:`, which `tocsin alertmanager` needs", self.log())

    def test_a_missing_or_empty_configuration(self):
        result = self.run_program("rules", f"--config.file={self.folder}/none.yml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("No such file or directory\nName the configuration with --config.file=FILE", result.stderr)
        empty = self.write("empty.yml", "")
        for command in (("check", "config", empty), ("check", "alertmanager", empty)):
            result = self.run_program(*command)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn(f"{empty}:1:1: the file is empty\n", result.stderr)

    def test_rules_expand_reads_a_tocsin_yml(self):
        self.write("more.yml", "thresholds: [{name: More, value: m, critical: '> 1'}]\n")
        path = self.write("all.yml", "collectors: {targets: [{name: a, url: '${UNSET_HERE}'}]}\nrule_files: [more.yml]\n"
                          "thresholds: [{name: Own, value: o, critical: '> 1'}]\n")
        result = self.run_program("rules", "expand", path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("  - name: More\n", result.stdout)
        self.assertIn("  - name: Own\n", result.stdout)

    def test_check_collector_is_a_dry_run(self):
        def check(*arguments):
            return self.run_program("check", "collector", f"--config.file={self.file}", *arguments, environment=self.environment)
        good = check("kpi")
        self.assertEqual(good.returncode, 0, good.stderr)
        self.assertIn('kpi_par{segment="all",target="main"} 5.4\n', good.stdout)
        self.assertRegex(good.stderr, r"^sql\.kpi on main: 1 samples in \d+ ms; left out 1 \(not_a_number: the value is not a "
                                      r"number\); left out 1 \(null_value: the value is NULL\)\n$")
        broken = check("sql.broken")
        self.assertEqual(broken.returncode, 1)
        self.assertIn("no such table: nowhere", broken.stderr)
        unknown = check("sql.kpj")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn('there is no collector "sql.kpj" (did you mean sql.kpi?)', unknown.stderr)

    def test_check_config_asks_the_databases(self):
        result = self.run_program("check", "config", "--connect", self.file, environment=self.environment)
        self.assertEqual(result.returncode, 1)
        self.assertIn("sql.kpi on main: 1 samples", result.stdout)
        self.assertIn("no such table: nowhere", result.stderr)
        self.assertRegex(result.stderr, r"(?m)^away: cannot reach the database: .*\(connection_refused\)$")
        self.assertNotIn("s3cret", result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main()
