"""Commands that ask a running tocsin: query and history; alerts relabelled on their way out."""

import http.server
import json
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import Stage, wait_for

CONFIG = """\
global: {{scrape_interval: 3s, scrape_timeout: 3s, evaluation_interval: 1s, external_labels: {{replica: one}}}}
rule_files: [rules.yml]
alerting:
  alert_relabel_configs:
    - {{regex: replica, action: labeldrop}}
    - {{source_labels: [alertname], regex: Silent, action: drop}}
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
RULES = """\
groups:
  - name: g
    rules:
      - {alert: Loud, expr: 'up{job="tocsin"} == 1', labels: {severity: page}}
      - {alert: Silent, expr: vector(1)}
"""


class Recorder(http.server.ThreadingHTTPServer):
    """Keeps the alerts that are posted to it."""

    def __init__(self):
        self.alerts = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                recorder.alerts += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def nested(function, levels, innermost="vector(time())"):
    return f"{function}(" * levels + innermost + ")" * levels


class AskingTest(Stage):
    def test_the_deepest_expressions_that_are_let_in_get_an_answer(self):
        _, url = self.start_tocsin("global: {scrape_interval: 1s}\n")
        subqueries = "vector(1)"
        for _ in range(240):
            subqueries = f"max_over_time({subqueries}[1s:1s])"
        expressions = {
            "a chain": "+".join(["time()"] * 990),
            "unions": " or ".join(["vector(1)"] * 990),
            "brackets": nested("", 240),
            "signs": nested("-", 120),
            "aggregations": nested("sum", 240),
            "calls": "label_replace(" * 240 + "vector(1)" + ',"a","b","c","d")' * 240,
            "subqueries": subqueries,
        }
        for what, expression in expressions.items():
            with self.subTest(what):
                body = urllib.parse.urlencode({"query": expression}).encode()
                with urllib.request.urlopen(f"{url}/api/v1/query", body, timeout=300) as answer:
                    self.assertEqual(json.load(answer)["status"], "success")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{url}/api/v1/query", urllib.parse.urlencode({"query": nested("", 300)}).encode())
        self.assertIn("nested more than 250 levels deep", json.load(refused.exception)["error"])

    def test_query_history_and_relabelled_alerts(self):
        recorder = Recorder()
        self.addCleanup(recorder.server_close)
        self.addCleanup(recorder.shutdown)
        self.write("rules.yml", RULES)
        _, url = self.start_tocsin(CONFIG.format(port=recorder.server_port))
        address = url.removeprefix("http://")
        up = wait_for(lambda: self.run_program("query", "instant", f"--url={url}", "up == 1").stdout, what="a sample of up")
        self.assertRegex(up, rf'^up{{instance="{address}", job="tocsin"}} => 1 @\[\d+(\.\d+)?\]\n$')
        result = self.run_program("query", "range", f"--url={url}", "--since=10s", "--step=5s", "vector(2)")
        self.assertRegex(result.stdout, r"^{} =>\n(2 @\[\d+(\.\d+)?\]\n){3}$")
        self.assertEqual(json.loads(self.run_program("query", "instant", f"--url={url}", "--format=json", "--time=7",
                                                     "1 + 1").stdout), {"resultType": "scalar", "result": [7, "2"]})
        result = self.run_program("query", "instant", f"--url={url}", "up{")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("1:4: parse error: unexpected end of input inside braces", result.stderr)

        loud = wait_for(lambda: [one["labels"] for one in recorder.alerts], what="an alert")
        self.assertEqual(loud[0], {"alertname": "Loud", "instance": address, "job": "tocsin",
                                   "severity": "page"})
        history = wait_for(lambda: (lambda text: "Loud{" in text and text)(
            self.run_program("history", f"--url={url}").stdout), what="history")
        self.assertRegex(history, r"(?m)^FIRED +ENDED +LASTED +ALERT$")
        self.assertRegex(history, r"(?m)^\S+Z +still firing +\d+s +Loud{")
        changes = self.run_program("history", f"--url={url}", "--changes", '{alertname="Silent"}').stdout
        self.assertRegex(changes, r"(?m)^\S+Z +none +firing +1e\+00 +found +Silent$")
        self.assertNotIn("Loud", changes)
        time.sleep(1)
        self.assertNotIn("Silent", {one["labels"]["alertname"] for one in recorder.alerts})


if __name__ == "__main__":
    unittest.main()
