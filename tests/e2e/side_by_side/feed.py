"""The samples: each a function of the second alone, so that every run sees the same."""

import math
import threading
import time
import zlib

from differential import remote_write
from differential.remote_write import STALE

HOSTS = [f"h{i}" for i in range(9)]
QUEUES = ["mail", "billing", "export", "import", "thumbs", "slow"]
USERS = [f"u{i}" for i in range(12)]
LE = ["0.1", "0.25", "0.5", "1", "2.5", "+Inf"]
# Nothing above 2^63: what humanizeDuration makes of that depends on the processor Prometheus runs on.
ODD = [0.0, 1.0, math.nan, math.inf, -math.inf, 1e18, 3.0, 5e-324, -0.0, 0.1 + 0.2, 123456789.0, -4e15]


def zone(host):
    return "abc"[int(host[1:]) % 3]


def noise(name, second):
    """0 to 99, without any pattern."""
    return zlib.crc32(f"{name} {second}".encode()) % 100


def _counter(name, second, every, most):
    """What has been counted since the last start; it starts anew after `every` seconds."""
    since = second - second % every
    return float(sum(noise(name, i) % most for i in range(since, second + 1)))


def _gauges(n):
    yield "feeding", {}, 1.0
    for place, host in enumerate(HOSTS):
        labels = {"host": host, "zone": zone(host)}
        yield "node_load", labels, round(50 + 50 * math.sin(2 * math.pi * n / (11 + 6 * place) + place), 2)
        yield "node_noise", labels, float(noise(host, n))
        yield "node_step", labels, float(noise(host, n // (4 + place)))
        yield "disk_free_bytes", {"host": host, "device": "sda"}, 1e9 * ((n * (place + 1)) % 40) / 3
        yield "disk_size_bytes", {"host": host, "device": "sda"}, 2e10
        version = f"1.{(n + 5 * place) // 23 % 3}"
        yield "version_info", {"host": host, "version": version}, 1.0
    for place, queue in enumerate(QUEUES):
        on = (n + 3 * place) % (9 + 4 * place) < 4 + 2 * place
        yield "queue_length", {"queue": queue}, (20.0 + place if on else 2.0)
        yield "queue_muted", {"queue": queue}, float((n // 15 + place) % 2)
        yield "backup_last_success_seconds", {"job": queue}, None if place == 5 else float(n - n % (5 + 3 * place))
    for one, capacity in (("a", 100.0), ("b", 250.5), ("c", 12345678.0)):
        yield "capacity", {"zone": one}, capacity
    for place in range(4):
        yield "odd_value", {"kind": f"k{place}"}, ODD[(n // 3 + place) % len(ODD)]
    for place, user in enumerate(USERS):
        if (n + 7 * place) % (20 + 3 * place) < 8 + place:
            yield "session_active", {"user": user}, 1.0 + place


def _counters(n):
    for place, host in enumerate(HOSTS):
        for code, most in (("200", 90), ("404", 20), ("500", 2 + 5 * place)):
            labels = {"host": host, "code": code}
            yield "http_requests_total", labels, _counter(host + code, n, 37 + 5 * place, most)
    total = 0.0
    for place, le in enumerate(LE):
        total += _counter(f"le{le}", n, 90, 30 if (n // 20 + place) % 2 else 8)
        yield "request_seconds_bucket", {"le": le}, total


class Feed:
    """Sends the samples of every whole second to all servers as soon as it has begun."""

    def __init__(self, urls):
        self._urls = urls
        self._present = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.begin = int(time.time()) + 2  # seconds of the first samples
        self.latest = 0.0  # the most seconds by which samples came late
        self.sent = 0
        self.error = None

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        if self.error:
            raise self.error

    def samples(self, second):
        """[(labels, [(milliseconds, value)])] with the staleness markers of what has ended, but for some users, who
        leave without a word."""
        n = second - self.begin
        series = []
        present = set()
        for name, labels, value in (*_gauges(n), *_counters(n)):
            if value is None:
                continue
            if name == "backup_last_success_seconds":
                value += self.begin
            labels = {"__name__": name, **labels}
            present.add(tuple(sorted(labels.items())))
            series.append((labels, [(second * 1000, value)]))
        for gone in sorted(self._present - present):
            labels = dict(gone)
            if labels.get("user") not in USERS[3::4]:
                series.append((labels, [(second * 1000, STALE)]))
        self._present = present
        return series

    def _run(self):
        second = self.begin
        while not self._stop.wait(max(0.0, second - time.time())):
            try:
                series = self.samples(second)
                for url in self._urls:
                    remote_write.write(url, series)
            except OSError as error:
                self.error = error
                return
            self.sent += len(series)
            self.latest = max(self.latest, time.time() - second)
            second += 1
