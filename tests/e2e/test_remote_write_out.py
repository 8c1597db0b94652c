"""Remote write to a real Prometheus and to receivers that are down, slow, or refuse.

PROMETHEUS_PROGRAM names Prometheus (see differential/servers.py); version 2 of the protocol and native histograms need
Prometheus 3."""

import http.server
import json
import threading
import time
import unittest
import urllib.parse

from differential.servers import find_prometheus
from support import Stage, free_port, get, get_json, post, value_of, wait_for

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
    """Answers POSTs by what `answer` returns: (status, headers), waits `delay` before, and counts."""

    def __init__(self, test, answer=lambda number: (204, {}), delay=0.0, port=0):
        self.requests = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                at = time.time()
                time.sleep(delay)
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


class RemoteWriteOutTest(Stage):
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
        until = int(time.time()) + 0.0
        strip = {("site", "demo")}
        mine = raw(tocsin, until)
        self.assertGreater(len(mine), 20)

        def caught_up():
            self.theirs = raw(peer, until, strip)
            return self.theirs == mine
        try:
            wait_for(caught_up, 20)
        except AssertionError:
            self.assertEqual(set(mine), set(self.theirs))
            for labels, samples in mine.items():
                self.assertEqual(samples, self.theirs[labels], labels)
            raise
        self.assertEqual(present(tocsin, until), present(peer, until, strip))
        return mine

    def check_everything_arrives(self, message):
        port = free_port()
        _, peer = self.start_receiver(port)
        url = self.begin(f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    protobuf_message: {message}
    send_native_histograms: true
    queue_config: {{batch_send_deadline: 300ms, max_samples_per_send: 100}}
    metadata_config: {{send_interval: 1s}}
""", f"""
  - job_name: histograms  # Prometheus' own
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
    metric_relabel_configs: [{{source_labels: [__name__], regex: "prometheus_http.*|go_info", action: keep}}]
""")
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        time.sleep(3)
        self.page.queues = ["a"]  # a series and an alert end
        time.sleep(2)
        mine = self.assert_same(url, peer)
        names = {json.loads(labels)["__name__"] for labels in mine}
        if find_prometheus()[1][0] >= 3:
            self.assertIn("prometheus_http_request_duration_seconds", names)  # native
            self.assertGreater(self.metric(url, "histograms_total"), 0)
        self.assertLessEqual({"work_total", "up", "job:work:rate", "ALERTS", "ALERTS_FOR_STATE", "special"}, names)
        gone = '{"__name__": "queue_length", "instance": "127.0.0.1:%d", "job": "app", "queue": "b", "text"' % self.page.port
        self.assertFalse([labels for labels in present(peer, time.time(), {("site", "demo")}) if labels.startswith(gone)])
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertEqual(self.metric(url, "samples_retried_total"), 0)
        return url, peer

    def test_every_sample_of_version_1(self):
        url, peer = self.check_everything_arrives("prometheus.WriteRequest")
        wait_for(lambda: self.metric(url, "metadata_total"), what="metadata")
        self.assertEqual(self.metric(url, "metadata_failed_total"), 0)
        # the rest goes out while the program stops
        wait_for(lambda: self.metric(url, "samples_pending") is not None)
        before = time.time()
        self.assertEqual(self.tocsin.stop(), 0, self.tocsin.tail())
        last = [sample for labels, samples in raw(peer, time.time()).items() if '"up"' in labels for sample in samples][-1]
        self.assertLess(before - last[0], 1.0)
        self.assertNotIn("not sent", self.tocsin.tail())

    def test_every_sample_of_version_2(self):
        if find_prometheus()[1] < (3, 0):
            self.skipTest("no Prometheus 3")
        self.check_everything_arrives("io.prometheus.write.v2.Request")

    def test_a_receiver_that_is_away(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        url = self.begin(f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{batch_send_deadline: 200ms, max_samples_per_send: 200, max_backoff: 300ms}}
""")
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        process.stop()
        wait_for(lambda: self.metric(url, "samples_retried_total"), what="another try")
        time.sleep(4)
        self.assertGreater(self.metric(url, "samples_pending"), 100)
        self.start_receiver(port)
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_dropped_total", reason="queue_full"), 0)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertIn("will be sent again", self.tocsin.tail(100))
        self.assertIn("remote write goes on", self.tocsin.tail(100))

    def test_more_than_the_queue_holds(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        url = self.begin(f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    queue_config: {{batch_send_deadline: 100ms, capacity: 100, max_shards: 1, max_samples_per_send: 50, max_backoff: 300ms}}
""")
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        process.stop()
        time.sleep(6)
        self.assertLessEqual(self.metric(url, "samples_pending"), 150)
        self.start_receiver(port)
        self.assert_same(url, peer)
        time.sleep(2)
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_dropped_total", reason="queue_full"), 0)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertIn("reads samples from the store", self.tocsin.tail(100))

    def test_killed_while_the_receiver_is_away(self):
        port = free_port()
        process, peer = self.start_receiver(port)
        config = f"""
  - url: http://127.0.0.1:{port}/api/v1/write
    name: central
    queue_config: {{batch_send_deadline: 100ms, max_backoff: 300ms}}
"""
        url = self.begin(config)
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent")
        time.sleep(2)
        process.stop()
        time.sleep(3)
        self.tocsin.kill()
        self.start_receiver(port)
        url = self.begin(config)
        self.assert_same(url, peer)
        self.assertEqual(self.tocsin.stop(), 0, self.tocsin.tail())
        url = self.begin(config)
        self.assert_same(url, peer)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)

    def test_patience_is_asked_for(self):
        receiver = Receiver(self, lambda number: (429, {"Retry-After": "2"}) if number == 1 else (204, {}))
        url = self.begin(f"""
  - url: http://127.0.0.1:{receiver.port}/write
    headers: {{X-Tenant: one}}
    basic_auth: {{username: me, password: pw}}
    queue_config: {{batch_send_deadline: 100ms, max_shards: 1}}
""")
        wait_for(lambda: len(receiver.requests) >= 3, what="requests")
        (first, head, size), (second, again, size_again) = receiver.requests[:2]
        self.assertGreaterEqual(second - first, 2)
        self.assertEqual(size, size_again)
        self.assertEqual(head["Content-Encoding"], "snappy")
        self.assertEqual(head["Content-Type"], "application/x-protobuf")
        self.assertEqual(head["X-Prometheus-Remote-Write-Version"], "0.1.0")
        self.assertEqual(head["X-Tenant"], "one")
        self.assertEqual(head["Authorization"], "Basic bWU6cHc=")
        self.assertNotIn("Retry-Attempt", head)
        self.assertEqual(again["Retry-Attempt"], "1")
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertGreater(self.metric(url, "samples_retried_total"), 0)

    def test_a_receiver_that_refuses(self):
        receiver = Receiver(self, lambda number: (400, {}))
        url = self.begin(f"""
  - url: http://127.0.0.1:{receiver.port}/write?token=geheim
    name: picky
    queue_config: {{batch_send_deadline: 100ms}}
""")
        wait_for(lambda: len(receiver.requests) >= 5, what="requests")
        wait_for(lambda: self.metric(url, "samples_failed_total", remote_name="picky"), what="refused samples")
        self.assertEqual(self.metric(url, "samples_retried_total", remote_name="picky"), 0)
        log = self.tocsin.tail(100)
        self.assertEqual(log.count("refused samples"), 1, log)
        self.assertIn("server returned HTTP status 400 Bad Request: not now", log)
        self.assertNotIn("geheim", log + self.metrics(url))

    def test_a_slow_receiver_harms_nobody(self):
        receiver = Receiver(self, delay=3.0)
        url = self.begin(f"""
  - url: http://127.0.0.1:{receiver.port}/write
    queue_config: {{batch_send_deadline: 100ms, max_samples_per_send: 10, capacity: 50, max_shards: 1, catch_up: 0s}}
""")
        wait_for(lambda: self.metric(url, "samples_dropped_total", reason="queue_full"), what="an overflow")
        time.sleep(3)
        page = self.metrics(url)
        self.assertLessEqual(self.metric(url, "samples_pending"), 50 + 10)
        self.assertEqual(value_of(page, "prometheus_rule_group_iterations_missed_total"), 0)
        self.assertLess(value_of(page, "prometheus_rule_group_last_duration_seconds"), 0.3)
        now = time.time()
        query = urllib.parse.urlencode({"query": "count_over_time(up{job=\"app\"}[3s])", "time": f"{now:.3f}"})
        result = get_json(f"{url}/api/v1/query?{query}")["data"]["result"]
        self.assertGreaterEqual(int(result[0]["value"][1]), 5)

    def test_reload(self):
        first, second = Receiver(self), Receiver(self)
        one = f"""
  - {{url: "http://127.0.0.1:{first.port}/write", name: kept, queue_config: {{batch_send_deadline: 100ms}}}}
"""
        url = self.begin(one)
        wait_for(lambda: self.metric(url, "samples_total", remote_name="kept"), what="samples sent")
        sent = self.metric(url, "samples_total", remote_name="kept")

        def reload(remote_write):
            self.write("tocsin.yml", self.config(remote_write))
            return post(f"{url}/-/reload")
        two = one + f"""
  - {{url: "http://127.0.0.1:{second.port}/write", name: new, queue_config: {{batch_send_deadline: 100ms}}}}
"""
        self.assertEqual(reload(two)[0], 200)
        wait_for(lambda: second.requests, what="the new receiver's samples")
        self.assertGreaterEqual(self.metric(url, "samples_total", remote_name="kept"), sent)
        status, text = reload(one + "  - {url: nowhere}\n")
        self.assertEqual(status, 500)
        self.assertIn("remote_write[1].url: expected a URL", text)
        self.assertEqual(reload("  []")[0], 200)
        self.assertIsNone(self.metric(url, "samples_total", remote_name="kept"))
        count = len(first.requests)
        time.sleep(1)
        self.assertEqual(len(first.requests), count)


if __name__ == "__main__":
    unittest.main()
