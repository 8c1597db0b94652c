"""Remote read: tocsin and a real Prometheus hold the same samples and answer the same requests; streams byte by byte."""

import math
import random
import time
import unittest
import urllib.request

from differential import remote_write
from differential.remote_write import _bytes as bytes_field
from differential.remote_write import _number as number
from differential.servers import find_prometheus
from support import Stage, free_port

_EQ, _NEQ, _RE, _NRE = range(4)


def matcher(kind, name, value):
    return (number(1, kind) + bytes_field(2, name.encode()) +
            bytes_field(3, value.encode()))


def request(start, end, matchers, accepted=()):
    query = number(1, start) + number(2, end)
    query += b"".join(bytes_field(3, matcher(*one)) for one in matchers)
    return bytes_field(1, query) + b"".join(number(2, kind) for kind in accepted)


def unsnappy(data):
    """Snappy's block format."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value, at
    size, at = varint(0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                more = length - 59
                length = int.from_bytes(data[at:at + more], "little")
                at += more
            out += data[at:at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
            at += 1
        else:
            more = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + more], "little")
            at += more
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def read(url, message):
    """(content type, message or stream)"""
    asked = urllib.request.Request(f"{url}/api/v1/read", data=remote_write.snappy(message), method="POST", headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "Accept-Encoding": "snappy",
        "X-Prometheus-Remote-Read-Version": "0.1.0"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        body = answer.read()
        return answer.headers["Content-Type"], unsnappy(body) if answer.headers["Content-Encoding"] == "snappy" else body


def fields(data):
    """[(number, value)] of a message in protobuf's wire format."""
    at, found = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(data):
        key = varint()
        if key & 7 == 0:
            value = varint()
        elif key & 7 == 1:
            value = data[at:at + 8]
            at += 8
        else:
            size = varint()
            value = data[at:at + size]
            at += size
        found.append((key >> 3, value))
    return found


def series_of(message):
    """(labels, [the fields of each sample or chunk]); what is zero may be written or not, -0 too."""
    labels, samples = [], []
    for field, content in fields(message):
        if field == 1:
            labels.append(tuple(dict(fields(content)).get(number_, b"").decode() for number_ in (1, 2)))
        else:
            samples.append((field, {n: v for n, v in fields(content) if v not in (0, bytes(8), bytes(7) + b"\x80")}))
    return labels, samples


def results(message):
    """[(labels, samples)] of each query."""
    return [[series_of(series) for _, series in fields(result)] for _, result in fields(message)]


def dataset(start):
    """Series whose chunks need every form of time and value that the format has."""
    rng = random.Random(5)
    jitter, times = [0, 3, -40, 9000, 100_000, 600_000], []
    at = start
    for step in range(25):  # from 30 on Prometheus may cut a chunk where it expects an even share
        times.append(at)
        at += 1000 + (0 if step % 3 else max(-900, jitter[step // 3 % len(jitter)]))
    shapes = {"counter": lambda i: float(i * 3), "flat": lambda i: 7.0, "noise": lambda i: rng.gauss(0, 1e3),
              "odd": lambda i: [math.nan, math.inf, -0.0, 4.9e-324, remote_write.STALE][i % 5],
              "small": lambda i: 1.0 + i % 2 * 2.0 ** -52}
    return [({"__name__": "m", "shape": name, "ü": "ä"}, [(time_, value(i)) for i, time_ in enumerate(times)])
            for name, value in shapes.items()], times


class RemoteReadTest(Stage):
    def test_same_bytes(self):
        program, _ = find_prometheus()
        if not program:
            self.skipTest("no Prometheus here")
        config = "global: {external_labels: {site: demo, shape: never}}\n"
        port = free_port()
        theirs = f"http://127.0.0.1:{port}"
        self.start("prometheus", [program, f"--config.file={self.write('prometheus.yml', config)}",
                                  f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
                                  f"--storage.tsdb.path={self.path('prometheus-data')}"], f"{theirs}/-/ready")
        _, ours = self.start_tocsin(config, flags=["--web.enable-remote-write-receiver"])
        start = (int(time.time()) // 7200 - 1) * 7_200_000  # Prometheus begins new chunks every two hours
        series, times = dataset(start)
        for url in (ours, theirs):
            remote_write.write(url, series)
        named = (_EQ, "__name__", "m")
        cases = (("all", start, times[-1], [named]), ("a part", times[5], times[15], [named]),
                 ("between", times[10] + 1, times[12] - 1, [named]), ("regex", start, times[-1], [named, (_RE, "shape", "odd|flat")]),
                 ("not", start, times[-1], [named, (_NEQ, "shape", "odd"), (_NRE, "shape", "s.*")]),
                 ("external", start, times[-1], [named, (_EQ, "site", "demo")]),
                 ("other external", start, times[-1], [named, (_EQ, "site", "other")]),
                 ("nothing", start, times[-1], [(_EQ, "__name__", "none")]))
        for name, begin, end, matchers in cases:
            for accepted in ((), (0,), (1,), (1, 0), (0, 1)):
                with self.subTest(name, accepted=accepted):
                    message = request(begin, end, matchers, accepted)
                    (our_type, our_body), (their_type, their_body) = read(ours, message), read(theirs, message)
                    self.assertEqual(our_type, their_type)
                    if accepted[:1] == (1,):
                        self.assertTrue(our_body == their_body, (our_body[:300], their_body[:300]))
                    else:
                        self.assertEqual(results(our_body), results(their_body))


if __name__ == "__main__":
    unittest.main()
