"""The program as a person meets it on the command line."""

import http.client
import os
import signal
import subprocess
import threading
import unittest

from support import PROGRAM, ROOT, Stage, free_port, post, wait_for

FIVE_MISTAKES = """\
global: {scrape_interval: 15 seconds}
collectors:
  targets:
    - {name: app, url: "postgresql://127.0.0.1/app"}
  sql:
    - name: kpi
      query: SELECT 1 AS value
      metrics:
        - {name: "kpi value", type: gauge, help: x, value: value}
thresholds:
  - name: PAR_90
    value: sum by (kpi_par_90_percent
    warning: "> 3"
  - name: RDR_90
    value: kpi_rdr_90_percent
    warning: "< fifty"
alertmanager:
  route: {reciever: ops}
  receivers: [{name: ops}]
"""


class CommandLineTest(Stage):
    def test_help_and_version(self):
        result = self.run_program("--help")
        self.assertEqual(result.returncode, 0)
        for command in ("run", "exporter", "check config", "rules expand", "healthcheck"):
            self.assertIn(f"  {command}", result.stdout)
        self.assertRegex(self.run_program("--version").stdout, r"^tocsin, version \d+\.\d+\.\d+")

    def test_mistyped_words_get_a_proposal(self):
        result = self.run_program("rum")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn('unknown command "rum" (did you mean "run"?)', result.stderr)
        result = self.run_program("run", "--config.fiel=x")
        self.assertEqual(result.returncode, 2)
        self.assertIn("(did you mean --config.file?)", result.stderr)

    def test_check_config_tells_all_five_mistakes_with_their_places(self):
        path = self.write("bad.yml", FIVE_MISTAKES)
        result = self.run_program("check", "config", path)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        for place in ("1:27: global.scrape_interval: ", "9:18: collectors.sql[0].metrics[0].name: ",
                      "12:", "16:14: thresholds[1].warning: ", "18:11: alertmanager.route: "):
            self.assertIn(f"{path}:{place}", result.stderr)
        self.assertIn('(did you mean "receiver"?)', result.stderr)

    def test_run_refuses_a_bad_file_and_starts_nothing(self):
        path = self.write("bad.yml", FIVE_MISTAKES)
        port = free_port()
        result = self.run_program("run", f"--config.file={path}", f"--web.listen-address=127.0.0.1:{port}",
                                  f"--storage.path={self.path('data')}")
        self.assertEqual(result.returncode, 2)
        self.assertFalse(os.path.exists(self.path("data")))

    def test_a_taken_port_is_named(self):
        path = self.write("tocsin.yml", "global: {}\n")
        _, url = self.start_tocsin("global: {}\n", name="first")
        address = url.removeprefix("http://")
        result = self.run_program("run", f"--config.file={path}", f"--web.listen-address={address}",
                                  f"--storage.path={self.path('data')}")
        self.assertEqual(result.returncode, 1)
        self.assertIn(address, result.stderr)

    def test_sigterm_ends_it_with_0_and_healthcheck_tells(self):
        process, url = self.start_tocsin("global: {}\n")
        self.assertEqual(self.run_program("healthcheck", f"--url={url}").returncode, 0)
        self.assertEqual(process.stop(), 0)
        self.assertEqual(self.run_program("healthcheck", f"--url={url}").returncode, 1)

    def test_reloads_under_way_as_it_ends_do_no_harm(self):
        for name in ("first", "second", "third"):
            process, url = self.start_tocsin("global: {}\n", name=name)
            answers = []

            def reload_until_it_is_gone():
                try:
                    while True:
                        answers.append(post(f"{url}/-/reload")[0])
                except (OSError, http.client.HTTPException):
                    pass

            askers = [threading.Thread(target=reload_until_it_is_gone) for _ in range(4)]
            for asker in askers:
                asker.start()
            wait_for(lambda: len(answers) >= 4, what="a few reloads")
            self.assertEqual(process.stop(), 0, process.tail(100))
            for asker in askers:
                asker.join()

    def test_sighup_reads_the_configuration_again(self):
        process, url = self.start_tocsin("global: {external_labels: {site: one}}\n")
        path = self.path("tocsin.yml")
        with open(path, "w") as file:
            file.write("global: {external_labels: {site: two}}\nnonsense: 1\n")
        os.kill(process._process.pid, signal.SIGHUP)
        from support import wait_for, get
        wait_for(lambda: "tocsin_config_last_reload_successful 0" in get(f"{url}/metrics")[2], what="the failed reload")
        self.assertIn("nonsense", process.tail(50))

    def test_a_directory_is_no_file_for_any_command(self):
        folder = self.path("folder")
        os.mkdir(folder)
        good = self.write("good.yml", "groups: []\n")
        config = self.write("names-it.yml", "rule_files: [folder]\n")
        for command in (["check", "rules", folder], ["check", "metrics", folder], ["check", "config", folder],
                        ["check", "config", config], ["check", "alertmanager", folder], ["test", "rules", folder],
                        ["test", "promql", folder], ["rules", "expand", folder],
                        ["check", "rules", f"--metrics={folder}", good], ["run", f"--config.file={folder}"]):
            with self.subTest(command):
                result = self.run_program(*command)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn(f'cannot read "{folder}": Is a directory', result.stderr)

    def test_a_pipe_among_the_files_does_not_hang_a_reload(self):
        rules = self.write("rules.yml", "groups: []\n")
        process, url = self.start_tocsin("rule_files: [rules.yml]\n")
        os.remove(rules)
        os.mkfifo(rules)
        status, text = post(f"{url}/-/reload")
        self.assertEqual(status, 500)
        self.assertIn("it is a FIFO, not a regular file", text + process.tail())
        os.remove(rules)
        self.write("rules.yml", "groups: []\n")
        self.assertEqual(post(f"{url}/-/reload")[0], 200)

    def test_rules_expand_prints_rules_a_real_promtool_accepts(self):
        path = self.write("thresholds.yml", """thresholds:
  - {name: PAR_90, value: kpi_par_90_percent, unit: percent, target: "< 3", warning: "> 3", critical: "> 5", for: 5m}
  - {name: Stale, age: airbyte_last_success_timestamp_seconds, by: [tenant], warning: "> 60m", missing: critical}
  - name: Errors
    ratio: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total, over: 5m, by: [service]}
    critical: "> 2%"
""")
        result = self.run_program("rules", "expand", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        expanded = self.write("expanded.yml", result.stdout)
        checked = subprocess.run(["promtool", "check", "rules", expanded], capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(self.run_program("check", "rules", path, expanded).returncode, 0)

    def test_a_link_called_alertmanager_is_an_alertmanager(self):
        link = self.path("alertmanager")
        os.symlink(PROGRAM, link)
        config = self.write("alertmanager.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n")
        port = free_port()
        self.start("linked", [link, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                              f"--storage.path={self.path('am')}"], f"http://127.0.0.1:{port}/-/ready")
        shown = subprocess.run(["amtool", f"--alertmanager.url=http://127.0.0.1:{port}", "alert", "add", "Hello",
                                "severity=info"], capture_output=True, text=True)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        shown = subprocess.run(["amtool", f"--alertmanager.url=http://127.0.0.1:{port}", "alert", "query"],
                               capture_output=True, text=True)
        self.assertIn("Hello", shown.stdout)

    def test_the_configuration_reference_is_the_one_the_program_prints(self):
        for page in ("configuration", "commands"):
            with open(os.path.join(ROOT, "docs", f"{page}.md")) as file:
                self.assertEqual(file.read(), self.run_program("docs", page).stdout, f"run `make docs` ({page})")


if __name__ == "__main__":
    unittest.main()
