"""Rules evaluated against a real Prometheus: the alerts of a local evaluation, whatever becomes of the server, and across
restarts."""

import base64
import datetime
import http.server
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from differential.servers import find_prometheus
from support import PROGRAM, Stage, free_port, get, get_json, value_of, wait_for, wait_written

RULES = """
groups:
  - name: jobs
    rules:
      - {record: "queue:jobs:sum", expr: "sum by (queue) (jobs)"}
      - {record: "jobs:odd", expr: "jobs * NaN"}
      - {record: "jobs:endless", expr: "max(jobs) / 0"}
      - alert: Backlog
        expr: jobs > 10
        labels: {severity: '{{ if gt $value 50.0 }}critical{{ else }}warning{{ end }}'}
        annotations: {text: '{{ $labels.queue }} has {{ $value }} of {{ query "sum(jobs)" | first | value }}'}
      - {alert: Lasting, expr: 'jobs{queue="lasting"} > 10', for: 1h}
      - {alert: Gone, expr: absent(nothing)}
"""
SCRAPE = """
scrape_configs:
  - {{job_name: app, scrape_interval: 2s, scrape_timeout: 2s, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
"""


class Server(http.server.ThreadingHTTPServer):
    """A HTTP server of one function: (method, path, headers, body) -> (status, type, body)."""

    daemon_threads = True

    def __init__(self, answer, port=0):
        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, kind, text = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = handle_one

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a client that has gone

    def stop(self):
        self.shutdown()
        self.server_close()


class Gate:
    """Stands before a Prometheus and does to queries what a test asks for."""

    PARTIAL = b'{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}'
    ANSWERS = {
        "500": (500, "application/json", b'{"status":"error","errorType":"internal","error":"the disk is gone"}'),
        "422": (422, "application/json", b'{"status":"error","errorType":"execution","error":"too many samples"}'),
        "partial": (200, "application/json", PARTIAL),
        "html": (200, "text/html", b"<html>log in</html>"),
    }

    def __init__(self, behind):
        self.behind = behind
        self.mode = "pass"
        self.only = ""  # queries that hold this are dealt with, others pass
        self.seen = []
        self.release = threading.Event()  # of what is slow
        self.server = Server(self.answer)

    def answer(self, method, path, headers, body):
        query = urllib.parse.unquote_plus(body.decode())
        self.seen.append((path, headers.get("Authorization"), headers.get("X-Scope-OrgID"), query))
        if self.mode != "pass" and self.only in query:
            if self.mode == "slow":
                self.release.wait(300)
            else:
                return self.ANSWERS[self.mode]
        kind = {"Content-Type": headers["Content-Type"]} if body else {}
        request = urllib.request.Request(self.behind + path, body or None, kind, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, "application/json", answer.read()
        except urllib.error.HTTPError as error:
            return error.code, "application/json", error.read()


class DatasourceTest(Stage):
    maxDiff = None

    def setUp(self):
        super().setUp()
        program, _ = find_prometheus()
        if not program:
            self.skipTest("no Prometheus: install Debian's package, or name one in PROMETHEUS_PROGRAM")
        self.jobs = {"a": "20", "b": "3", "lasting": "77", "odd": "NaN", "endless": "+Inf"}
        self.page = Server(lambda *_: (200, "text/plain", "".join(
            f'jobs{{queue="{queue}"}} {jobs}\n' for queue, jobs in self.jobs.items()).encode()))
        self.addCleanup(self.page.stop)
        self.scrape = SCRAPE.format(port=self.page.port)
        config = self.write("prometheus.yml", self.scrape)
        self.prometheus = f"http://127.0.0.1:{free_port()}"
        self.start("prometheus", [program, f"--config.file={config}", f"--storage.tsdb.path={self.path('prometheus')}",
                                  f"--web.listen-address={self.prometheus.removeprefix('http://')}"],
                   f"{self.prometheus}/-/ready")
        wait_for(lambda: get_json(f"{self.prometheus}/api/v1/query?query=jobs")["data"]["result"], what="a scrape")

    def rules_of(self, url):
        groups = get_json(f"{url}/api/v1/rules")["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def alerts_of(self, url):
        return sorted((sorted(a["labels"].items()), sorted(a["annotations"].items()), a["state"], a["value"])
                      for a in get_json(f"{url}/api/v1/alerts")["data"]["alerts"])

    def series_of(self, url, query):
        result = get_json(f"{url}/api/v1/query?query={urllib.parse.quote(query)}")["data"]["result"]
        return sorted((sorted(one["metric"].items()), one["value"][1]) for one in result)

    def begin(self, config, name="tocsin", flags=(), rules=RULES, port=None):
        self.write("rules.yml", rules)
        file = self.write(f"{name}.yml", "global: {evaluation_interval: 500ms}\nbuiltin_alerts: false\nrule_files: [rules.yml]\n" + config)
        url = f"http://127.0.0.1:{port or free_port()}"
        process = self.start(name, [PROGRAM, "rules", f"--config.file={file}", f"--storage.path={self.path(name + '-data')}",
                                    f"--web.listen-address={url.removeprefix('http://')}", *flags], f"{url}/-/ready")
        return process, url

    def test_same_alerts_as_a_local_evaluation(self):
        _, local = self.begin(self.scrape, "local")
        _, remote = self.begin(f"rules: {{datasource: '{self.prometheus}'}}\n", "remote")
        _, flag = self.begin("", "flag", [f"--datasource.url={self.prometheus}/"])
        for jobs in ({}, {"a": "60", "b": "11", "lasting": "1"}, {"a": "1"}):
            self.jobs.update(jobs)
            with self.subTest(jobs=self.jobs):
                want = {"alert": None}

                def alike():
                    want["alert"] = self.alerts_of(local)
                    mine = [dict(one[0]).get("queue") for one in want["alert"]]
                    expected = {queue for queue, n in self.jobs.items() if float(n) > 10}
                    return (expected <= set(mine) and set(mine) - {None} <= expected
                            and all(want["alert"] == self.alerts_of(url) for url in (remote, flag)))

                wait_for(alike, what="the same alerts")
                self.assertIn("Gone", {dict(one[0])["alertname"] for one in want["alert"]})
                for query in ("queue:jobs:sum", "jobs:odd", "jobs:endless", "ALERTS"):
                    wait_for(lambda q=query: self.series_of(local, q) and self.series_of(local, q) == self.series_of(remote, q),
                             what=f"the same {query}")
        self.assertEqual(self.series_of(remote, "jobs"), [], "only what rules record is stored")
        self.assertIn((sorted({"__name__": "queue:jobs:sum", "queue": "odd"}.items()), "NaN"),
                      self.series_of(remote, "queue:jobs:sum"))
        wait_for(lambda: {name: rule["health"] for name, rule in self.rules_of(remote).items()} ==
                 {name: "ok" for name in self.rules_of(local)}, what="good health of every rule")

    def test_a_server_in_trouble_resolves_nothing(self):
        gate = Gate(self.prometheus)
        self.addCleanup(gate.server.stop)
        # a query may last as long as the group's interval
        rules = RULES.replace("- name: jobs", "- name: jobs\n    interval: 2s")
        rules += "  - name: other\n    interval: 2s\n    rules: [{record: other, expr: count(jobs)}]\n"
        _, url = self.begin(f"""
rules:
  datasource: {{url: 'http://127.0.0.1:{gate.server.port}', timeout: 1s, retries: 1}}
""", rules=rules)
        wait_for(lambda: len(self.alerts_of(url)) == 5, what="the alerts")
        before = self.alerts_of(url)
        named = f"POST http://127.0.0.1:{gate.server.port}/api/v1/query: "
        # what becomes of it, what the rule says, the outcome counted
        troubles = [
            ("500", "HTTP 500: internal: the disk is gone", "failed"),
            ("422", "HTTP 422: execution: too many samples", "refused"),
            ("partial", "the answer is partial: the server says isPartial", "partial"),
            ("html", "the answer is not that of Prometheus' API: an object is missing at byte 0", "unreadable"),
            ("slow", "timed out after 1s", "timeout"),
        ]
        for mode, error, outcome in troubles:
            with self.subTest(mode=mode):
                gate.release.clear()
                gate.only, gate.mode = "jobs > 10", mode
                wait_for(lambda: self.rules_of(url)["Backlog"].get("lastError", "").startswith(named + error),
                         what=f"an evaluation that failed with: {error}")
                self.assertEqual(self.alerts_of(url), before)
                seen = self.rules_of(url)["other"]["lastEvaluation"]
                wait_for(lambda: self.rules_of(url)["other"]["lastEvaluation"] != seen, what="the other group's next evaluation")
                wait_for(lambda: self.rules_of(url)["other"]["health"] == "ok", what="a good evaluation of the other group")
                page = get(f"{url}/metrics")[2]
                self.assertGreater(value_of(page, "tocsin_rules_datasource_requests_total", outcome=outcome), 0)
                self.assertGreater(value_of(page, "prometheus_rule_evaluation_failures_total",
                                            rule_group=f"{self.path('rules.yml')};jobs"), 0)
                gate.mode = "pass"
                gate.release.set()
                wait_for(lambda: self.rules_of(url)["Backlog"]["health"] == "ok", what="the next good evaluation")
                self.assertEqual(self.alerts_of(url), before)
        gate.server.stop()
        wait_for(lambda: "refused" in self.rules_of(url)["Backlog"].get("lastError", ""), what="no connection")
        self.assertEqual(self.alerts_of(url), before)
        gate.server = Server(gate.answer, gate.server.port)
        wait_for(lambda: {rule["health"] for rule in self.rules_of(url).values()} == {"ok"}, what="recovery")
        self.assertEqual(self.alerts_of(url), before)

    def test_a_restart_keeps_the_clocks(self):
        gate = Gate(self.prometheus)
        self.addCleanup(gate.server.stop)
        rules = """
groups:
  - name: clocks
    rules:
      - {alert: Soon, expr: jobs > 10, for: 8s}
      - {alert: Later, expr: 'jobs{queue="lasting"} > 10', for: 1h}
"""
        config = f"rules: {{datasource: 'http://127.0.0.1:{gate.server.port}'}}\n"
        port = free_port()
        process, url = self.begin(config, rules=rules, port=port)
        wait_for(lambda: len(self.alerts_of(url)) == 4, what="pending alerts")

        def since():
            return {(a["labels"]["alertname"], a["labels"]["queue"]): (a["activeAt"], a["state"])
                    for a in get_json(f"{url}/api/v1/alerts")["data"]["alerts"]}

        before = since()
        wait_written(url)
        process.kill()
        gate.mode = "500"
        restarted = time.time()
        if {state for _, state in before.values()} != {"pending"}:
            self.skipTest("the machine is too busy: an alert fired before its state could be asked for")
        self.begin(config, rules=rules, port=port)
        wait_for(lambda: self.rules_of(url)["Soon"]["health"] == "err", what="a failed first evaluation")
        self.assertEqual(since().keys(), before.keys())
        gate.mode = "pass"
        wait_for(lambda: [s for _, s in since().values()].count("firing") == 3, what="firing alerts")
        fired = time.time()
        after = since()
        self.assertEqual({key: state for key, (_, state) in after.items()},
                         {key: "pending" if key[0] == "Later" else "firing" for key in before})
        for key, (active_at, _) in after.items():
            self.assertLess(datetime.datetime.fromisoformat(active_at).timestamp(), restarted)
            if key[0] == "Soon":
                self.assertGreaterEqual(fired - datetime.datetime.fromisoformat(before[key][0]).timestamp(), 8)

    def test_secrets_are_sent_and_never_shown(self):
        gate = Gate(self.prometheus)
        self.addCleanup(gate.server.stop)
        self.write("password", "first-word\n")
        process, url = self.begin(f"""
rules:
  datasource:
    url: 'http://127.0.0.1:{gate.server.port}/'
    basic_auth: {{username: tocsin, password_file: password}}
    headers: {{X-Scope-OrgID: hidden-team}}
    params: {{extra_label: [stage=live]}}
""", flags=["--log.level=debug"])

        def sent(password):
            basic = "Basic " + base64.b64encode(f"tocsin:{password}".encode()).decode()
            return [one for one in gate.seen if one[:3] == ("/api/v1/query", basic, "hidden-team")]

        wait_for(lambda: sent("first-word"), what="an authenticated query")
        self.assertIn("extra_label=stage=live", gate.seen[-1][3])
        self.write("password", "second-word\n")
        wait_for(lambda: sent("second-word"), what="the new password")
        gate.mode = "500"
        wait_for(lambda: self.rules_of(url)["Backlog"]["health"] == "err", what="a failure that is logged")
        shown = get(f"{url}/api/v1/status/config")[2] + get(f"{url}/metrics")[2] + get(f"{url}/api/v1/rules")[2] + process.tail(10**9)
        self.assertIn("the disk is gone", shown)
        for secret in ("first-word", "second-word", "hidden-team"):
            self.assertNotIn(secret, shown)
        process.stop()
        port = free_port()
        process, url = self.begin("", flags=[f"--datasource.url=http://me:word-in-url@127.0.0.1:{gate.server.port}"], port=port)
        wait_for(lambda: get_json(f"{url}/api/v1/rules")["data"]["groups"][0]["rules"][0]["health"] == "err", what="a failure")
        for path in ("/api/v1/status/flags", "/api/v1/status/config", "/api/v1/rules", "/metrics"):
            self.assertNotIn("word-in-url", get(url + path)[2])
        process.stop()
        # the commands that ask a server take the same options
        gate.mode = "pass"
        options = self.write("http.yml", "basic_auth: {username: tocsin, password_file: password}\n")
        for command in (["query", "instant", "jobs"], ["backtest", "--expr=jobs > 10", "--since=1m"]):
            gate.seen.clear()
            result = self.run_program(*command, f"--url=http://127.0.0.1:{gate.server.port}", f"--http.config.file={options}")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn(base64.b64encode(b"tocsin:second-word").decode(), gate.seen[0][1])


if __name__ == "__main__":
    unittest.main()
