"""What tests of remote write to a real Prometheus and to other receivers need.

PROMETHEUS_PROGRAM names Prometheus (see differential/servers.py); version 2 of the protocol and native histograms need
Prometheus 3."""

import http.server
import json
import threading
import time
import urllib.parse

from differential.servers import find_prometheus
from support import Stage, free_port, get, get_json, value_of, wait_for

RULES = """
groups:
  - name: recorded
    interval: 500ms
    rules:
      - {record: "job:work:rate", expr: "rate(work_total[5s])"}
      - {alert: Always, expr: "work_total > 0", for: 1s, labels: {severity: page}}
      - {alert: Queued, expr: "queue_length{queue=\\"b\\"} > 0"}
"""
CONFIG = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms, scrape_native_histograms: true,
         external_labels: {{site: demo, job: never}}}}
scrape_configs:
  - job_name: app
    static_configs: [{{targets: ["127.0.0.1:{page}"]}}]
{scrapes}
builtin_alerts: false
rule_files: [rules.yml]
remote_write:
{remote_write}
"""


class Page:
    """An application's /metrics that changes."""

    def __init__(self, test):
        self.work = 0
        self.queues = ["a", "b"]
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page.work += 1.1
                body = f"# HELP work_total Work done.\n# TYPE work_total counter\nwork_total {page.work}\n"
                body += "# TYPE queue_length gauge\n"
                body += "".join(f'queue_length{{queue="{queue}",text="ä\\n\\"x\\""}} {page.work}\n' for queue in page.queues)
                body += "special NaN\nspecial{n=\"inf\"} +Inf\nspecial{n=\"small\"} 4.9e-324\n"
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


class Receiver:
    """Answers POSTs by what `answer` returns: (status, headers), and counts. Holds them while `open` is not set."""

    def __init__(self, test, answer=lambda number: (204, {}), port=0):
        self.requests = []
        self.open = threading.Event()
        self.open.set()
        self.held = 0  # requests that wait for it
        receiver = self
        test.addCleanup(self.open.set)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                at = time.time()
                receiver.held += 1
                receiver.open.wait()
                receiver.held -= 1
                receiver.requests.append((at, dict(self.headers), len(body)))
                status, headers = answer(len(receiver.requests))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                text = b"" if status == 204 else b"not now"
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                try:
                    self.wfile.write(text)
                except BrokenPipeError:
                    pass  # tocsin has ended

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)


def rounded(histogram):
    """Bounds of buckets are worked out by whoever prints them: their last digit may differ."""
    for bucket in histogram.get("buckets", []):
        bucket[1:3] = [f"{float(bound):.12g}" for bound in bucket[1:3]]
    return histogram


def raw(url, until, strip=()):
    """{labels: [[time, value], …]} of every series up to an instant, without the labels to strip."""
    query = urllib.parse.urlencode({"query": '{__name__=~".+"}[1h]', "time": f"{until:.3f}"})
    found = {}
    for series in get_json(f"{url}/api/v1/query?{query}")["data"]["result"]:
        labels = {name: value for name, value in series["metric"].items() if (name, value) not in strip}
        histograms = [[at, rounded(histogram)] for at, histogram in series.get("histograms", [])]
        found[json.dumps(labels, sort_keys=True)] = series.get("values", []) + histograms
    return found


def present(url, until, strip=()):
    """The series that have not ended by an instant."""
    query = urllib.parse.urlencode({"query": '{__name__=~".+"}', "time": f"{until:.3f}"})
    return {json.dumps({n: v for n, v in series["metric"].items() if (n, v) not in strip}, sort_keys=True)
            for series in get_json(f"{url}/api/v1/query?{query}")["data"]["result"]}


class RemoteWriteStage(Stage):
    def setUp(self):
        super().setUp()
        self.page = Page(self)
        self.write("rules.yml", RULES)

    def config(self, remote_write, scrapes=""):
        return CONFIG.format(page=self.page.port, remote_write=remote_write, scrapes=scrapes)

    def begin(self, remote_write, scrapes=""):
        """Starts tocsin; the URL."""
        self.tocsin, url = self.start_tocsin(self.config(remote_write, scrapes))
        return url

    def metrics(self, url):
        return get(f"{url}/metrics")[2]

    def metric(self, url, name, **labels):
        return value_of(self.metrics(url), f"prometheus_remote_storage_{name}", **labels)

    def start_receiver(self, port):
        program, _ = find_prometheus()
        if not program:
            self.skipTest("no Prometheus here")
        file = self.write("prometheus.yml", "global: {}\n")
        url = f"http://127.0.0.1:{port}"
        return self.start("prometheus", [program, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}",
                                         f"--storage.tsdb.path={self.path('prometheus-data')}",
                                         "--web.enable-remote-write-receiver", "--enable-feature=native-histograms"],
                          f"{url}/-/ready"), url

    def assert_same(self, tocsin, peer):
        """Everything that was stored up to now is at the peer, each sample and each end of a series."""
        strip = {("site", "demo")}

        def stored():
            until = float(int(time.time()))
            found = raw(tocsin, until)
            return len(found) > 20 and until
        until = wait_for(stored, what="samples of a whole second")

        def caught_up():  # what was scraped before `until` may be stored after it
            self.mine, self.theirs = raw(tocsin, until), raw(peer, until, strip)
            return self.mine == self.theirs and present(tocsin, until) == present(peer, until, strip)
        try:
            wait_for(caught_up)
        except AssertionError:
            self.assertEqual(set(self.mine), set(self.theirs))
            for labels, samples in self.mine.items():
                self.assertEqual(samples, self.theirs[labels], labels)
            self.assertEqual(present(tocsin, until), present(peer, until, strip))
            raise
        return self.mine
