"""Remote write to a real Prometheus, and to receivers that are slow, ask for patience, or refuse."""

import json
import time
import unittest
import urllib.parse

from differential.servers import find_prometheus
from remote_write import Receiver, RemoteWriteStage, present, raw
from support import free_port, get_json, post, value_of, wait_for


class RemoteWriteOutTest(RemoteWriteStage):
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
        names = {"work_total", "up", "job:work:rate", "ALERTS", "ALERTS_FOR_STATE", "special"}
        if find_prometheus()[1][0] >= 3:
            names.add("prometheus_http_request_duration_seconds")  # native
        going = '{"__name__": "queue_length", "instance": "127.0.0.1:%d", "job": "app", "queue": "b", "text"' % self.page.port

        def second():  # the last whole one, which is what assert_same compares up to
            return float(int(time.time()))

        def goes(server):
            return any(labels.startswith(going) for labels in present(server, second(), {("site", "demo")}))

        wait_for(lambda: names <= {json.loads(labels)["__name__"] for labels in raw(url, second())},
                 what="every kind of series")
        wait_for(lambda: goes(url) and goes(peer), what="the series that will end")
        self.page.queues = ["a"]  # a series and an alert end
        wait_for(lambda: not goes(url), what="the end of the series")
        mine = self.assert_same(url, peer)
        self.assertLessEqual(names, {json.loads(labels)["__name__"] for labels in mine})
        self.assertFalse(goes(peer))
        if find_prometheus()[1][0] >= 3:
            self.assertGreater(self.metric(url, "histograms_total"), 0)
        self.assertEqual(self.metric(url, "samples_failed_total"), 0)
        self.assertEqual(self.metric(url, "samples_retried_total"), 0)
        return url, peer

    def test_every_sample_of_version_1(self):
        url, peer = self.check_everything_arrives("prometheus.WriteRequest")
        wait_for(lambda: self.metric(url, "metadata_total"), what="metadata")
        self.assertEqual(self.metric(url, "metadata_failed_total"), 0)
        # the rest goes out while the program stops
        wait_for(lambda: self.metric(url, "samples_pending"), what="samples that wait")
        stored = raw(url, time.time())
        self.assertEqual(self.tocsin.stop(), 0, self.tocsin.tail())
        arrived = raw(peer, time.time(), {("site", "demo")})
        for labels, samples in stored.items():
            self.assertIn(samples[-1], arrived[labels], labels)
        self.assertNotIn("not sent", self.tocsin.tail())

    def test_every_sample_of_version_2(self):
        if find_prometheus()[1] < (3, 0):
            self.skipTest("no Prometheus 3")
        self.check_everything_arrives("io.prometheus.write.v2.Request")

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
        receiver = Receiver(self)
        receiver.open.clear()
        url = self.begin(f"""
  - url: http://127.0.0.1:{receiver.port}/write
    remote_timeout: 1h
    queue_config: {{batch_send_deadline: 100ms, max_samples_per_send: 10, capacity: 50, max_shards: 1, catch_up: 0s}}
""")
        wait_for(lambda: self.metric(url, "samples_dropped_total", reason="queue_full"), what="an overflow")

        def progress():
            """(scrapes of the page, evaluations, samples stored of it)"""
            query = urllib.parse.urlencode({"query": "count_over_time(up{job=\"app\"}[1h])"})
            result = get_json(f"{url}/api/v1/query?{query}")["data"]["result"]
            return (self.page.work, value_of(self.metrics(url), "prometheus_rule_evaluations_total"),
                    float(result[0]["value"][1]) if result else 0)

        # everything goes on while the first request is held
        before = progress()
        wait_for(lambda: all(now >= then + 6 for then, now in zip(before, progress())), what="scrapes and evaluations")
        self.assertEqual((receiver.held, len(receiver.requests)), (1, 0))
        self.assertLessEqual(self.metric(url, "samples_pending"), 50 + 10)
        receiver.open.set()
        wait_for(lambda: self.metric(url, "samples_total"), what="samples sent after all")

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

        def quiet():
            """No request while the page is scraped a few times."""
            requests, work = len(first.requests), self.page.work
            wait_for(lambda: self.page.work > work + 6, what="scrapes")
            return len(first.requests) == requests
        wait_for(quiet, what="the end of what was under way")


if __name__ == "__main__":
    unittest.main()
