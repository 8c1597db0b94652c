"""Prometheus' remote write, version 1, by hand: the protobuf message, snappy with literals only, and the request."""

import math
import struct
import urllib.request

STALE = 0x7FF0000000000002  # the bits of the NaN that says "this series has ended"


class Histogram:
    """A native histogram with whole counts. `positive` and `negative`: bucket index -> count.

    `bounds`: upper bounds of custom buckets; the index of a bucket is then that of its bound."""

    def __init__(self, schema, total, positive, negative=None, zero=0, threshold=1e-3, bounds=None, gauge=False):
        self.schema = -53 if bounds else schema
        self.sum = total
        self.positive = dict(positive)
        self.negative = dict(negative or {})
        self.zero = 0 if bounds else zero
        self.threshold = 0.0 if bounds else threshold
        self.bounds = bounds or []
        self.gauge = gauge


def _varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _zigzag(number):
    return _varint((number << 1) ^ (number >> 63))


def _bytes(field, content):
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field, number):
    return _varint(field << 3) + _varint(number)


def _double(field, value):
    return _varint(field << 3 | 1) + double(value)


def double(value):
    return struct.pack("<Q", value) if value is STALE else struct.pack("<d", value)


def _buckets(spans_field, deltas_field, buckets):
    """Spans of neighbouring buckets, and the counts as differences from the one before."""
    spans, deltas, last_index, last_count = [], [], None, 0
    for index in sorted(buckets):
        if last_index is None:
            spans.append([index, 1])
        elif index == last_index + 1:
            spans[-1][1] += 1
        else:
            spans.append([index - last_index - 1, 1])
        deltas.append(buckets[index] - last_count)
        last_index, last_count = index, buckets[index]
    out = b"".join(_bytes(spans_field, _varint(1 << 3) + _zigzag(offset) + _number(2, length))
                   for offset, length in spans)
    return out + (_bytes(deltas_field, b"".join(map(_zigzag, deltas))) if deltas else b"")


def _histogram(time, histogram, more=0):
    count = more + histogram.zero + sum(histogram.positive.values()) + sum(histogram.negative.values())
    out = _number(1, count) + _double(3, histogram.sum)
    out += _varint(4 << 3) + _zigzag(histogram.schema) + _double(5, histogram.threshold) + _number(6, histogram.zero)
    out += _buckets(8, 9, histogram.negative) + _buckets(11, 12, histogram.positive)
    out += _number(14, 3 if histogram.gauge else 0) + _number(15, time)
    return out + (_bytes(16, b"".join(map(double, histogram.bounds))) if histogram.bounds else b"")


def _series(labels, points, more=0):
    out = b"".join(_bytes(1, _bytes(1, name.encode()) + _bytes(2, labels[name].encode())) for name in sorted(labels))
    for time, value in points:
        if isinstance(value, Histogram):
            out += _bytes(4, _histogram(time, value, more))
        else:
            out += _bytes(2, _varint(1 << 3 | 1) + double(value) + _number(2, time))
    return _bytes(1, out)


def snappy(content):
    """Snappy's block format without any compression."""
    out = [_varint(len(content))]
    for at in range(0, len(content), 65536):
        piece = content[at:at + 65536]
        out.append(bytes([61 << 2]) + struct.pack("<H", len(piece) - 1) + piece)
    return b"".join(out)


def message(series, more=0):
    """The body of one request. `more` is added to the count of each histogram, which is then wrong."""
    return snappy(b"".join(_series(labels, points, more) for labels, points in series if points))


def write(url, series):
    """Sends `series`, [(labels, [(milliseconds, value)])], in one request; an error that is answered is raised."""
    body = message(series)
    request = urllib.request.Request(f"{url}/api/v1/write", data=body, method="POST", headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        answer.read()


def write_history(url, series, slice_milliseconds=600_000):
    """Sends `series` slice by slice, because Prometheus takes nothing an hour older than its newest sample."""
    times = [points[0][0] for _, points in series] + [points[-1][0] for _, points in series]
    for index in range(math.ceil((max(times) + 1 - min(times)) / slice_milliseconds)):
        begin = min(times) + index * slice_milliseconds
        end = begin + slice_milliseconds
        write(url, [(labels, [point for point in points if begin <= point[0] < end]) for labels, points in series])
