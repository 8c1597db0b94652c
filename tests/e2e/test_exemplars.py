"""Exemplars beside a real Prometheus: both scrape the same pages and take the same remote writes, and must answer
query_exemplars with the same JSON."""

import http.server
import json
import struct
import threading
import time
import unittest
import urllib.parse
import urllib.request

from differential.remote_write import _bytes as field
from differential.remote_write import _double as double_field
from differential.remote_write import _number as number_field
from differential.remote_write import snappy
from differential.servers import find_prometheus
from support import PROGRAM, Stage, free_port, get, get_json, value_of, wait_for

BASE = 1_700_000_000  # of exemplars with times of their own; the clock plays no part
LONG = "x" * 130

# What the page of text shows, scrape phase by scrape phase: (labels, value, seconds after BASE) of each exemplar.
COUNTERS = [
    {"a": ("t1", 1, 10), "b": ("t1", 5, 20.5), "c": ("plain", 2, 1)},
    {"a": ("t1", 1, 10), "b": ("t2", 5, 30), "c": (LONG, 2, 2)},       # a repeats its last, c's is too long
    {"a": ("t0", 9, 9), "b": ("t3", 4, 30), "c": ("later", 2, 3)},     # a's and b's are late
    {"a": ("t4", 0.5, 11), "b": ("t3", 6, 30), "d": ("new", 1e9, 4)},  # b's is larger at the same time
]


def text_page(phase):
    lines = ["# TYPE work counter"]
    for name, (trace, value, at) in COUNTERS[phase].items():
        lines.append(f'work_total{{part="{name}"}} {phase + 1} # {{trace_id="{trace}",span="é"}} {value} {BASE + at}')
    lines += ["# TYPE wait histogram"]
    for bound, count in (("0.5", 1), ("1", 2), ("+Inf", 3 + phase)):
        lines.append(f'wait_bucket{{le="{bound}"}} {count} # {{id="{bound}-{phase}"}} 0.25 {BASE + phase}.125')
    lines += [f"wait_count {3 + phase}", "wait_sum 7", "# TYPE none gauge", "none 1", "# EOF", ""]
    return "\n".join(lines).encode(), "application/openmetrics-text; version=1.0.0; charset=utf-8"


def exemplar(trace, value, at):
    out = field(1, field(1, b"trace_id") + field(2, trace.encode())) + double_field(2, value)
    if at is not None:
        out += field(3, number_field(1, BASE + int(at)) + number_field(2, int(at % 1 * 1e9)))
    return out


def native(exemplars, classic=b""):
    """A histogram of one observation in one native bucket."""
    out = number_field(1, 1) + double_field(2, 1.5) + classic
    out += number_field(5, 0) + double_field(6, 0.001) + field(12, number_field(1, 2) + number_field(2, 1)) + field(13, b"\x02")
    return out + b"".join(field(16, one) for one in exemplars)


def family(name, kind, metric):
    content = field(1, name.encode()) + number_field(3, kind) + field(4, metric)
    return struct.pack("B", len(content) & 0x7F | 0x80) + struct.pack("B", len(content) >> 7) + content


def protobuf_page(phase):
    bucket = number_field(1, 1) + double_field(2, 2.0) + field(3, exemplar(f"bucket{phase}", 1.5, 40 + phase))
    pages = [
        family("proto_total", 0, field(3, double_field(1, phase) + field(2, exemplar(f"c{phase}", 1, 50 + phase + 0.25)))),
        # in no order; one without a time of its own
        family("native", 4, field(7, native([exemplar(f"n{phase}b", 2, 62 + 10 * phase), exemplar("none", 3, None),
                                             exemplar(f"n{phase}a", 1, 61 + 10 * phase)]))),
        family("native_of_buckets", 4, field(7, native([], field(3, bucket)))),
        family("classic", 4, field(7, number_field(1, 1) + double_field(2, 1.5) + field(3, bucket))),
    ]
    return b"".join(pages), ("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
                             "encoding=delimited")


class Page:
    """Shows each client the phases."""

    def __init__(self, test):
        self.phase = 0
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                phase = page.phase
                body, content_type = (text_page if self.path == "/text" else protobuf_page)(phase)
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def show(self, phase, servers):
        """Until everyone has stored it."""
        self.phase = phase
        stored = {"work_total{part='a'}": phase + 1, "proto_total": phase}

        def value(url, query):
            result = get_json(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")["data"]["result"]
            return float(result[0]["value"][1]) if result else None
        wait_for(lambda: all(value(url, query) == want for url in servers for query, want in stored.items()),
                 what=f"phase {phase} in every store")

    def end(self, servers):
        """Shows nothing any more, until everyone has noticed: nothing of what was shown is on its way then."""
        self.server.shutdown()
        query = urllib.parse.urlencode({"query": "count(up == 0)"})

        def down(url):
            result = get_json(f"{url}/api/v1/query?{query}")["data"]["result"]
            return result and result[0]["value"][1] == "2"
        wait_for(lambda: all(down(url) for url in servers), what="failed scrapes")


CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - {{job_name: text, metrics_path: /text, scrape_protocols: [OpenMetricsText1.0.0], {static}}}
  - {{job_name: proto, metrics_path: /proto, scrape_protocols: [PrometheusProto]{native}, {static}}}
storage: {{exemplars: {{max_exemplars: {limit}}}}}
"""


class ExemplarsTest(Stage):
    def start_both(self, limit=1000):
        program, version = find_prometheus()
        if version < (3, 0):
            self.skipTest("no Prometheus 3")
        self.page = Page(self)
        static = f'static_configs: [{{targets: ["127.0.0.1:{self.page.port}"]}}]'
        native = "" if version < (3, 8) else ", scrape_native_histograms: true"
        self.peer = self.start_one("prometheus", [program, "--enable-feature=exemplar-storage,native-histograms",
                                                  f"--storage.tsdb.path={self.path('prometheus-data')}"],
                                   CONFIG.format(static=static, limit=limit, native=native))
        self.mine = self.start_one("mine", [PROGRAM, "rules", "--enable-feature=exemplar-storage",
                                            f"--storage.path={self.path('data')}"],
                                   CONFIG.format(static=static, limit=limit, native=", scrape_native_histograms: true"))

    def start_one(self, name, command, config):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.start(name, [*command, f"--config.file={self.write(name + '.yml', config)}",
                          f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"], f"{url}/-/ready")
        return url

    def ask(self, url, **parameters):
        status, _, body = get(f"{url}/api/v1/query_exemplars?{urllib.parse.urlencode(parameters)}")
        return status, body.strip()

    def assert_same(self, **parameters):
        with self.subTest(parameters):
            mine, peer = self.ask(self.mine, **parameters), self.ask(self.peer, **parameters)
            self.assertEqual(mine, peer)  # byte for byte
            return json.loads(mine[1]) if mine[1] else None

    def write_both(self, series):
        """[(labels, [(milliseconds, value)], [(labels, value, milliseconds)])]"""
        def pairs(labels):
            return b"".join(field(1, field(1, n.encode()) + field(2, v.encode())) for n, v in sorted(labels.items()))
        message = b""
        for labels, samples, exemplars in series:
            one = pairs(labels)
            one += b"".join(field(2, double_field(1, value) + number_field(2, at)) for at, value in samples)
            one += b"".join(field(3, pairs(shown) + double_field(2, value) + number_field(3, at))
                            for shown, value, at in exemplars)
            message += field(1, one)
        for url in (self.mine, self.peer):
            request = urllib.request.Request(f"{url}/api/v1/write", data=snappy(message), method="POST", headers={
                "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
                "X-Prometheus-Remote-Write-Version": "0.1.0"})
            with urllib.request.urlopen(request, timeout=120) as answer:
                self.assertEqual(answer.status, 204)

    def test_as_prometheus_answers(self):
        self.start_both()
        for phase in range(len(COUNTERS)):
            self.page.show(phase, [self.mine, self.peer])
        everything = self.assert_same(query='{job=~"text|proto"}')
        found = {tuple(sorted(one["seriesLabels"].items())): one["exemplars"] for one in everything["data"]}
        self.assertEqual(len(everything["data"]), 11, json.dumps(everything, indent=1))
        by_part = {dict(labels).get("part"): [e["labels"].get("trace_id") for e in exemplars] for labels, exemplars in found.items()}
        self.assertEqual((by_part["a"], by_part["b"]), (["t1", "t4"], ["t1", "t2", "t3"]))
        for query in ("rate(work_total[5m]) / on() group_left sum(wait_bucket)", 'work_total{part=~"[ab]"} or none',
                      "wait_sum", "histogram_quantile(0.9, native) + scalar(proto_total)", "1 + 1", "vector(1)", "a b", "",
                      "max_over_time(work_total[1h:1m] offset 1d)"):
            self.assert_same(query=query)
        for start, end in ((BASE + 20.5, BASE + 30), (BASE + 20.501, BASE + 29), (BASE + 30, BASE + 10), ("x", 1), (1, "y"),
                           ("2023-11-14T22:13:30Z", "")):
            self.assert_same(query="work_total", start=start, end=end)
        self.assert_same(query="work_total", start=BASE + 11)
        self.assert_same(query="work_total", end=BASE + 11)
        page = get(f"{self.mine}/metrics")[2]
        self.assertEqual(value_of(page, "prometheus_tsdb_exemplar_exemplars_in_storage"), sum(len(one["exemplars"]) for one in everything["data"]))
        self.assertEqual(value_of(page, "prometheus_tsdb_exemplar_series_with_exemplars_in_storage"), 11)

    def test_a_full_ring(self):
        self.start_both(limit=7)
        now = int(time.time() * 1000)
        self.page.show(0, [self.mine, self.peer])
        self.page.end([self.mine, self.peer])  # what comes from here on is the same for both, in one order
        for number in range(12):
            self.write_both([({"__name__": f"pushed_{number % 3}"}, [(now + number, 1)],
                              [({"n": str(number)}, number, BASE * 1000 + number)])])
        self.assertEqual(len(self.assert_same(query='{__name__=~"pushed.*"}')["data"]), 3)
        self.assert_same(query='{job=~".+"}')
        # several in one request; late ones and such of unknown series cost nothing else
        self.write_both([({"__name__": "pushed_0"}, [(now + 100, 1)], [({"n": "a"}, 1, BASE * 1000 + 50), ({"n": "b"}, 1, BASE * 1000 + 40),
                                                                    ({"n": "c"}, 2, BASE * 1000 + 50)]),
                         ({"__name__": "unknown"}, [], [({"n": "z"}, 1, BASE * 1000)]),
                         ({"__name__": "pushed_1"}, [], [({"n": "d"}, 1, BASE * 1000 + 60), ({"n": LONG}, 2, BASE * 1000 + 70)])])
        self.assertEqual(len(self.assert_same(query='{__name__=~"pushed.*|unknown"}')["data"]), 3)
        page = get(f"{self.mine}/metrics")[2]
        self.assertEqual(value_of(page, "prometheus_tsdb_exemplar_exemplars_in_storage"), 7)
        self.assertEqual(value_of(page, "prometheus_tsdb_exemplar_max_exemplars"), 7)

    def check_sending_on(self, message):
        program, version = find_prometheus()
        if version < (3, 0):
            self.skipTest("no Prometheus 3")
        self.page = Page(self)
        self.peer = self.start_one("prometheus", [program, "--enable-feature=exemplar-storage,native-histograms",
                                                  f"--storage.tsdb.path={self.path('prometheus-data')}"], "{}\n")
        static = f'static_configs: [{{targets: ["127.0.0.1:{self.page.port}"]}}]'
        remote = (f"remote_write: [{{url: '{self.peer}/api/v1/write', protobuf_message: {message}, send_exemplars: true, "
                  "send_native_histograms: true, queue_config: {batch_send_deadline: 100ms}}]\n")
        self.mine = self.start_one("mine", [PROGRAM, "rules", "--enable-feature=exemplar-storage",
                                            f"--storage.path={self.path('data')}"],
                                   CONFIG.format(static=static, limit=100, native=", scrape_native_histograms: true") + remote)
        for phase in range(len(COUNTERS)):
            self.page.show(phase, [self.mine])
        query = '{job=~"text|proto"}'
        wait_for(lambda: self.ask(self.mine, query=query) == self.ask(self.peer, query=query), what="all exemplars")
        self.assertEqual(len(self.assert_same(query=query)["data"]), 11)
        page = get(f"{self.mine}/metrics")[2]
        self.assertEqual(value_of(page, "prometheus_remote_storage_exemplars_total"), value_of(page, "prometheus_tsdb_exemplar_exemplars_in_storage"))
        self.assertEqual(value_of(page, "prometheus_remote_storage_exemplars_failed_total"), 0)

    def test_sending_on_by_version_1(self):
        self.check_sending_on("prometheus.WriteRequest")

    def test_sending_on_by_version_2(self):
        self.check_sending_on("io.prometheus.write.v2.Request")

    def test_without_the_feature(self):
        url = self.start_one("mine", [PROGRAM, "rules", f"--storage.path={self.path('data')}"], "storage: {exemplars: {}}\n")
        self.assertEqual(self.ask(url, query="up"), (200, '{"status":"success","data":[]}'))
        self.assertIsNone(value_of(get(f"{url}/metrics")[2], "prometheus_tsdb_exemplar_exemplars_in_storage"))


if __name__ == "__main__":
    unittest.main()
