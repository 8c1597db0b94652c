"""The parts of Prometheus' HTTP API beside queries, and remote write's refusals, asked of tocsin and of a real Prometheus."""

import json
import time
import unittest
import urllib.error
import urllib.request

from differential import remote_write
from differential.remote_write import _bytes as field
from differential.remote_write import _double as double_field
from differential.remote_write import _number as number_field
from differential.servers import find_prometheus
from support import Stage, free_port, get, post, wait_for

ORIGIN = "http://site.example"
RULES = "groups: [{name: g, interval: 1s, rules: [{alert: A, expr: vector(1)}, {record: 'r:x', expr: vector(1)}]}]\n"
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
  - {{job_name: kept, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}
  - job_name: dropped
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
    relabel_configs: [{{action: drop, source_labels: [__address__], regex: ".*"}}]
"""


def ask(url, method="GET", headers=None, body=None):
    """(status, headers, text)"""
    request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class ApiTest(Stage):
    def begin(self, *flags):
        return self.start_tocsin("{}\n", flags=flags)

    def begin_both(self, *flags):
        """The URLs of a tocsin and a Prometheus that have the same configuration."""
        program, _ = find_prometheus()
        if not program:
            self.skipTest("no Prometheus here")
        self.write("rules.yml", RULES)
        port = free_port()
        file = self.write("prometheus.yml", CONFIG.format(port=port))
        theirs = f"http://127.0.0.1:{port}"
        self.start("prometheus", [program, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}",
                                  f"--storage.tsdb.path={self.path('prometheus-data')}", *flags,
                                  "--enable-feature=native-histograms,exemplar-storage"], f"{theirs}/-/ready")
        _, ours = self.start_tocsin(CONFIG.format(port=port), flags=[*flags, "--enable-feature=exemplar-storage"])
        return ours, theirs

    def test_answers_have_the_shape_of_the_original(self):
        ours, theirs = self.begin_both()

        def rules(url):
            return json.loads(get(f"{url}/api/v1/rules?exclude_alerts=true")[2])["data"]["groups"]
        for url in (ours, theirs):
            wait_for(lambda: rules(url) and rules(url)[0]["rules"][0]["health"] == "ok", what="an evaluation")
        self.assertIn("alerts", rules(theirs)[0]["rules"][0])
        self.assertEqual(rules(ours)[0]["rules"][0]["alerts"], rules(theirs)[0]["rules"][0]["alerts"])

        def targets(url, state):
            data = json.loads(get(f"{url}/api/v1/targets?state={state}")[2])["data"]
            counts = data["droppedTargetCounts"]
            return (sorted(one["scrapePool"] for one in data["activeTargets"] if one["scrapePool"] != "tocsin"),
                    [one["scrapePool"] for one in data["droppedTargets"]], counts and counts["dropped"])
        wait_for(lambda: targets(theirs, "any") == (["kept"], ["dropped"], 1), what="discovery")
        for state in ("", "any", "active", "dropped", "DROPPED", "bogus"):
            with self.subTest(state=state):
                self.assertEqual(targets(ours, state), targets(theirs, state))

        def statistics(url, query):
            stats = json.loads(get(f"{url}/api/v1/query?stats=1&query={query}")[2])["data"]["stats"]
            return set(stats), set(stats["timings"]), set(stats["samples"]), stats["samples"]["totalQueryableSamples"]
        for query in ("1", "vector(1)", "no_such_metric"):
            self.assertEqual(statistics(ours, query), statistics(theirs, query))
        pools = json.loads(get(f"{ours}/api/v1/scrape_pools")[2])["data"]["scrapePools"]
        self.assertLessEqual({"dropped", "kept"}, set(pools))
        self.assertEqual(json.loads(get(f"{theirs}/api/v1/scrape_pools")[2])["data"]["scrapePools"], ["dropped", "kept"])

    def test_other_origins(self):
        ours, theirs = self.begin_both("--web.cors.origin=http://(site|other)\\.example")

        def cors(url, method, path, origin):
            status, headers, _ = ask(f"{url}{path}", method, {"Origin": origin} if origin else {})
            return status, {name.lower(): value for name, value in headers.items()
                            if name.lower().startswith("access-control-")}
        for method, path, origin in (("OPTIONS", "/api/v1/query", ORIGIN), ("OPTIONS", "/api/v1/query", None),
                                     ("OPTIONS", "/api/v1/query", "http://evil.example"),
                                     ("OPTIONS", "/api/v1/nothing", ORIGIN), ("OPTIONS", "/api/v1/write", ORIGIN),
                                     ("GET", "/api/v1/query?query=1", ORIGIN), ("GET", "/api/v1/labels", "http://x")):
            with self.subTest(method=method, path=path, origin=origin):
                self.assertEqual(cors(ours, method, path, origin), cors(theirs, method, path, origin))

    def test_no_other_origin_is_allowed_unasked(self):
        _, url = self.begin()
        status, headers, _ = ask(f"{url}/api/v1/query", "OPTIONS", {"Origin": ORIGIN})
        self.assertEqual((status, headers.get("Access-Control-Allow-Origin")), (204, None))

    def test_quit(self):
        process, url = self.begin()
        self.assertEqual(post(f"{url}/-/quit"), (403, "Lifecycle API is not enabled."))
        self.assertEqual(get(f"{url}/-/quit")[0], 405)
        self.assertEqual(post(f"{url}/-/reload")[0], 200)
        self.assertEqual(process.stop(), 0)
        process, url = self.begin("--web.enable-lifecycle")
        self.assertEqual(post(f"{url}/-/quit"), (200, "Requesting termination... Goodbye!"))
        wait_for(process.ended, what="the end")
        self.assertEqual(process.stop(), 0)

    def test_what_newer_ones_have(self):
        _, url = self.begin("--web.enable-remote-write-receiver")
        features = json.loads(get(f"{url}/api/v1/features")[2])["data"]
        self.assertTrue(features["api"]["remote_write_receiver"])
        self.assertFalse(features["api"]["lifecycle"])
        self.assertTrue(features["promql_functions"]["rate"])
        self.assertFalse(features["promql_functions"]["info"])
        self.assertEqual(json.loads(get(f"{url}/api/v1/status/tsdb/blocks")[2])["data"], {"blocks": []})
        status, _, text = get(f"{url}/debug/pprof/heap")
        self.assertEqual(status, 404)
        self.assertIn("not a Go program", text)

    def test_impossible_histograms_are_refused(self):
        ours, theirs = self.begin_both("--web.enable-remote-write-receiver")

        def push(url, histogram, more=0):
            """The status. `more`: how much the count is above the sum of the buckets."""
            body = remote_write.message([({"__name__": "h"}, [(int(time.time() * 1000), histogram)])], more)
            return ask(f"{url}/api/v1/write", "POST", {"Content-Type": "application/x-protobuf",
                                                       "Content-Encoding": "snappy"}, body)[0]
        good = remote_write.Histogram(0, 5.0, {0: 2, 1: 1}, zero=1)
        nan = remote_write.Histogram(0, float("nan"), {0: 2}, zero=1)
        custom = remote_write.Histogram(0, 5.0, {0: 2}, bounds=[1.0, 2.0])
        infinite = remote_write.Histogram(0, 5.0, {0: 2}, bounds=[1.0, float("inf")])
        for name, histogram, more, status in (("good", good, 0, 204), ("count too high", good, 1, 400),
                                              ("count too low", good, -1, 400), ("NaN counted", nan, 1, 204),
                                              ("NaN, count too low", nan, -1, 400), ("custom", custom, 0, 204),
                                              ("custom, count too high", custom, 1, 400),
                                              ("bound +Inf", infinite, 0, 400)):
            with self.subTest(name):
                self.assertEqual(push(ours, histogram, more), status)
                # 3.5 refuses what is impossible with 500, which makes senders try for ever
                self.assertIn(push(theirs, histogram, more), {204: (204,), 400: (400, 500)}[status])
                time.sleep(0.002)  # the next sample is of another millisecond


    def test_version_2_tells_of_exemplars(self):
        ours, theirs = self.begin_both("--web.enable-remote-write-receiver")
        now = int(time.time() * 1000)

        def push(url, sample_at, exemplar_at, identity):
            """(status, what the headers say was written)"""
            exemplar = field(1, b"\x03\x04") + double_field(2, 1.0) + number_field(3, exemplar_at)
            series = field(1, b"\x01\x02") + field(2, double_field(1, 1.0) + number_field(2, sample_at))
            message = b"".join(field(4, text.encode()) for text in ("", "__name__", "a_total", "id", identity))
            message += field(5, series + field(4, exemplar))
            status, headers, _ = ask(f"{url}/api/v1/write", "POST", {
                "Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
                "Content-Encoding": "snappy"}, remote_write.snappy(message))
            return (status, *(headers.get(f"X-Prometheus-Remote-Write-{kind}-Written")
                              for kind in ("Samples", "Histograms", "Exemplars")))
        for name, *sent, want in (("new", 0, 0, "x", (204, "1", "0", "1")), ("the same again", 1, 0, "x", (204, "1", "0", "1")),
                                  ("out of order", 2, -500, "y", (400, "1", "0", "0")),
                                  ("too long", 3, 3, "z" * 200, (204, "1", "0", "0"))):
            with self.subTest(name):
                at, exemplar_at, identity = sent
                self.assertEqual(push(ours, now + at, now + exemplar_at, identity), want)
                self.assertEqual(push(theirs, now + at, now + exemplar_at, identity), want)


if __name__ == "__main__":
    unittest.main()
